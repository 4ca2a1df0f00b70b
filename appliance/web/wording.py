"""Figures and codes in words that an owner understands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

LOSSES = {
    "malformed": ("unreadable", "Damaged, or something other than TZSP sent to this port."),
    "unsupported_encapsulation": (
        "not Ethernet",
        "Frames of a kind that cannot be turned into Ethernet, such as raw wireless frames.",
    ),
    "oversize": ("too large", "Larger than the sniffing interface takes: raise its MTU."),
    "feedback": ("own echo", "The stream itself, captured by the router and sent back to us."),
    "unlisted_source": ("unlisted router", "Sent by a router that the settings do not list."),
    "no_buffer": ("no room", "The machine had no memory free to pass the frame on."),
    "interface_down": ("interface down", "The sniffing interface did not take frames."),
    "socket_overflow": ("too fast", "They arrived faster than they were read."),
    "reassembly_failures": (
        "incomplete",
        "Some of their fragments never arrived. Counted for the whole machine.",
    ),
}
PRIORITIES = {1: "high", 2: "medium", 3: "low"}
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def number(value: int) -> str:
    """Group the digits: 1,234,567."""
    return f"{value:,}"


def rate(value: float) -> str:
    """Round a rate to what the eye needs: 1,234 from ten on, one digit after the point below."""
    return f"{value:,.0f}" if value >= 9.95 or value == 0 else f"{max(value, 0.1):.1f}"


def size(octets: int) -> str:
    """Give a number of bytes in the largest decimal unit that keeps a digit before the point."""
    value, unit = float(octets), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{octets:,} bytes" if unit == "bytes" else f"{value:.3g} {unit}"


def duration(seconds: float) -> str:
    """Name a time span by its largest unit, rounded down: 40 s, 3 min, 5 h, 2 d."""
    whole = max(0, int(seconds))
    for length, unit in UNITS:
        if whole >= length:
            return f"{whole // length:,} {unit}"
    return "0 s"


def reason(code: str) -> str:
    """Say in two words why datagrams were lost; unknown codes pass through."""
    return LOSSES.get(code, (code, ""))[0]


def explanation(code: str) -> str:
    """Say in a sentence why datagrams were lost."""
    return LOSSES.get(code, ("", "A reason that this page does not know yet."))[1]


def priority(value: int) -> str:
    """Name Snort's priority, where 1 is the most urgent."""
    return PRIORITIES.get(value, "very low" if value > 3 else "unknown")


def endpoint(address: str, port: int | None) -> str:
    """Join address and port as URLs do: 192.0.2.1:80, [2001:db8::1]:80."""
    host = f"[{address}]" if ":" in address and port is not None else address
    return host if port is None else f"{host}:{port}"


def enumerate_words(words: Sequence[str]) -> str:
    """Join words: a; a and b; a, b and c."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def utc(seconds: float) -> str:
    """Write seconds since the epoch as ISO 8601 in UTC: 2026-11-20T09:13:03Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def readable_utc(iso: str) -> str:
    """Take the T, the fraction and the Z out of an ISO time: 2026-11-20 09:13:03."""
    return iso[:19].replace("T", " ")
