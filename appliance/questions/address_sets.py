# SPDX-License-Identifier: MIT
"""Sets of addresses and networks, as text: one entry a line, as SiLK's rwsetcat writes them too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import (
    IPv4Network,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
    summarize_address_range,
)
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.errors import InputError
from appliance.formats.plain_address import halves, mapped

Network = IPv4Network | IPv6Network
MOST_ENTRIES = 1_000_000


@dataclass(frozen=True)
class SetColumns:
    """A set as columns: both halves of each network's first address, and its bits of 128."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    bits: NDArray[np.uint8]


def parse(lines: Iterable[str], where: str) -> list[Network]:
    """Read entries: addresses, networks, ranges like 10.0.0.1-10.0.0.9, with remarks after #.

    They are put together where that can be. Raises InputError, which names the line.
    """
    four: list[IPv4Network] = []
    six: list[IPv6Network] = []
    for number, line in enumerate(lines, 1):
        if number > MOST_ENTRIES:
            raise InputError(f"{where}: more than {MOST_ENTRIES:,} lines")
        text = line.partition("#")[0].strip()
        if text:
            for each in _entry(text, f"{where}, line {number}"):
                (four if isinstance(each, IPv4Network) else six).append(each)  # type: ignore[arg-type]
    return [*collapse_addresses(four), *collapse_addresses(six)]


def _entry(text: str, where: str) -> Iterator[Network]:
    try:
        first, dash, last = text.partition("-")
        if dash:
            yield from summarize_address_range(ip_address(first.strip()), ip_address(last.strip()))
        else:
            yield ip_network(text, strict=False)
    except (ValueError, TypeError):
        raise InputError(f"{where}: no address and no network: {text[:50]!r}") from None


def read(file: Path) -> list[Network]:
    """Read a file. Raises InputError."""
    try:
        with file.open(encoding="ascii", errors="replace") as stream:
            return parse(stream, str(file))
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from error


def columns(networks: Iterable[Network]) -> SetColumns:
    """Return a set for the engine; IPv4 stands as ::ffff:a.b.c.d."""
    rows = [mapped(each) for each in networks]
    return SetColumns(
        np.array([halves(each.first)[0] for each in rows], np.uint64),
        np.array([halves(each.first)[1] for each in rows], np.uint64),
        np.array([each.bits for each in rows], np.uint8),
    )
