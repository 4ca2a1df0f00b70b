# SPDX-License-Identifier: MIT
"""Figures and codes in words that an owner understands."""

from __future__ import annotations

from appliance.reports.levels import Level

EXPLANATIONS = {
    "malformed": "Damaged, or something other than TZSP sent to this port.",
    "unsupported_encapsulation": "Frames of a kind that cannot be turned into Ethernet, such as raw"
    " wireless frames.",
    "oversize": "Larger than the sniffing interface takes: raise its MTU.",
    "feedback": "The stream itself, captured by the router and sent back to this machine.",
    "unlisted_source": "Sent by machines that the settings do not list.",
    "no_buffer": "The machine had no memory free to pass the frame on.",
    "interface_down": "The sniffing interface did not take frames.",
    "socket_overflow": "They arrived faster than they were read.",
    "reassembly_failures": "Some of their fragments never arrived. Counted for the whole machine.",
}
SHADES = {Level.OK: "ok", Level.UNKNOWN: "warning", Level.WARN: "warning", Level.FAIL: "error"}
PRIORITIES = {1: "high", 2: "medium", 3: "low"}


def size(octets: int) -> str:
    """Give a number of bytes in the largest decimal unit that keeps a digit before the point."""
    value, unit = float(octets), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{octets:,} bytes" if unit == "bytes" else f"{value:.3g} {unit}"


def shade(level: Level) -> str:
    """Return the colour of a level: ok, warning or error, as class names and the API have it."""
    return SHADES[level]


def explanation(reason: str) -> str:
    """Say in a sentence why datagrams were lost."""
    return EXPLANATIONS.get(reason, "A reason that this page does not know yet.")


def priority(value: int) -> str:
    """Name Snort's priority, where 1 is the most urgent."""
    return PRIORITIES.get(value, "very low" if value > 3 else "unknown")


def endpoint(address: str, port: int | None) -> str:
    """Join address and port as URLs do: 192.0.2.1:80, [2001:db8::1]:80."""
    host = f"[{address}]" if ":" in address and port is not None else address
    return host if port is None else f"{host}:{port}"


def readable_utc(iso: str) -> str:
    """Take the T, the fraction and the Z out of an ISO time: 2026-11-20 09:13:03."""
    return iso[:19].replace("T", " ")
