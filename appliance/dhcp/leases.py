# SPDX-License-Identifier: MIT
"""dnsmasq's leases, as lines of its file. Pure.

A line holds expiry (seconds since the epoch, 0: never), station, address, name or `*`, client
identifier or `*`. dnsmasq empties the file and writes it anew, and waits for the disk, before it
confirms a lease; a power cut right between can leave it empty. So there is a copy from before.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

LATEST = 1 << 36  # the year 4147: what is later was never a time
_STATION = re.compile(r"(?:[0-9a-f]{2}-)?[0-9a-f]{2}(?::[0-9a-f]{2}){0,15}")


@dataclass(frozen=True, slots=True)
class Lease:
    """An address that a device may use until `expires`."""

    expires: int
    station: str
    address: IPv4Address
    name: str
    identifier: str

    @property
    def line(self) -> str:
        """The lease as dnsmasq writes it."""
        return f"{self.expires} {self.station} {self.address} {self.name} {self.identifier}"


def parse(text: str) -> list[Lease]:
    """Return the leases of a file; lines that are cut off or of another kind are left out."""
    return [lease for lease in map(_parse_line, text.splitlines()) if lease is not None]


def _parse_line(line: str) -> Lease | None:
    words = line.split(" ")
    if len(words) != 5 or not _STATION.fullmatch(words[1]) or not all(words):
        return None
    try:
        expires = int(words[0])
        if not 0 <= expires < LATEST:
            return None
        return Lease(expires, words[1], IPv4Address(words[2]), words[3], words[4])
    except ValueError:
        return None


def render(leases: Iterable[Lease]) -> str:
    """Return the file that dnsmasq reads."""
    return "".join(f"{lease.line}\n" for lease in leases)


def merge(found: Iterable[Lease], copy: Iterable[Lease]) -> list[Lease]:
    """Return the leases found and those of the copy that they leave room for."""
    kept = list(found)
    stations, addresses = {each.station for each in kept}, {each.address for each in kept}
    missing = [
        lease for lease in copy if lease.station not in stations and lease.address not in addresses
    ]
    return kept + missing


def without_names(leases: Iterable[Lease], reserved: Container[str]) -> list[Lease]:
    """Return leases of which none has a name that no device may take."""
    return [
        replace(lease, name="*") if lease.name.partition(".")[0].lower() in reserved else lease
        for lease in leases
    ]


def redate(leases: Iterable[Lease], now: int, hours: int, most: int) -> list[Lease]:
    """Return leases that hold for a whole term from `now` on, the least recent first.

    What the clock did since they were given does not matter then: none ends too early. Their order
    stays, in steps of a second. Where they leave no address free (`most`), a tenth goes, of those
    that were not renewed for longest.
    """
    recent = sorted(leases, key=lambda lease: (lease.expires == 0, lease.expires))
    if len(recent) >= most:
        recent = recent[len(recent) - most + max(1, most // 10) :]
    first = now + hours * 3600 - len(recent)
    return [
        lease if lease.expires == 0 else replace(lease, expires=first + rank)
        for rank, lease in enumerate(recent)
    ]
