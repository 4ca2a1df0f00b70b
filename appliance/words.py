# SPDX-License-Identifier: MIT
"""Figures as an owner reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def duration(seconds: float) -> str:
    """Name a span of time by its largest whole unit: 40 s, 3 min, 5 h, 2 d."""
    whole = max(0, int(seconds))
    for length, unit in UNITS:
        if whole >= length:
            return f"{whole // length:,} {unit}"
    return f"{whole} s"


def rate(value: float) -> str:
    """Round a rate to what the eye needs: 1,234 from ten on, one digit after the point below."""
    return f"{value:,.0f}" if value >= 9.95 or value == 0 else f"{max(value, 0.1):.1f}"


def percent(share: float) -> str:
    """Write a share of 1 as per cent, and never call a little nothing or nearly all everything."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{share:.1%}".replace(".0%", "%").replace("%", " %")


def mebibytes(octets: int) -> str:
    """Write a number of bytes: 95 MiB, 1.5 GiB."""
    return f"{octets >> 20:,} MiB" if octets < 1 << 30 else f"{octets / (1 << 30):,.1f} GiB"


def listed(words: Sequence[str]) -> str:
    """Join words: a; a and b; a, b and c."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def number(value: int) -> str:
    """Group the digits: 1,234,567."""
    return f"{value:,}"


def counted(count: int, noun: str) -> str:
    """Count what a noun names: 1 film, 1,204 films."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def utc(seconds: float) -> str:
    """Write seconds since the epoch as ISO 8601 in UTC: 2026-11-20T09:13:03Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
