# SPDX-License-Identifier: MIT
"""Which flows the owner does not want to be kept one by one, as words. Pure.

A rule is a few conditions that all must hold, like "proto 17 and port 53".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmp6": 58}
# Which way a flow goes: past all hosts inside, to one, from one, between two.
WAYS = ("past", "in", "out", "inside")
MOST_CONDITIONS, MOST_CHARACTERS = 8, 200
EXPECTED = (
    'conditions joined by "and": proto, port, sport, dport with a number or a range, host, src,'
    " dst with an address or a network, way with in, out, inside or past"
)

Values = tuple[int, int] | IPv4Network | IPv6Network


@dataclass(frozen=True)
class ExclusionPart:
    """What must hold: of `kind` (a word of a rule), in a range of numbers or in a network."""

    kind: str
    values: Values


@dataclass(frozen=True)
class Exclusion:
    """A rule as its owner wrote it, and its conditions."""

    text: str
    conditions: tuple[ExclusionPart, ...]


def parse(text: str) -> Exclusion:
    """Read a rule. Raises ValueError; EXPECTED says what would have been right."""
    parts = [part.split() for part in text.lower().split(" and ")]
    if len(parts) > MOST_CONDITIONS or len(text) > MOST_CHARACTERS:
        raise ValueError(text)
    return Exclusion(text, tuple(_condition(*part) for part in parts if _is_pair(part)))


def _is_pair(words: list[str]) -> bool:
    if len(words) != 2 or words[0] not in _KINDS:
        raise ValueError(" ".join(words))
    return True


def _condition(kind: str, value: str) -> ExclusionPart:
    return ExclusionPart(kind, _KINDS[kind](value))


def _proto(value: str) -> Values:
    return _range(str(PROTOCOLS.get(value, value)), 255)


def _port(value: str) -> Values:
    return _range(value, 65_535)


def _range(value: str, most: int) -> tuple[int, int]:
    low, _, high = value.partition("-")
    first, last = int(low), int(high or low)
    if not 0 <= first <= last <= most:
        raise ValueError(value)
    return first, last


def _way(value: str) -> Values:
    return WAYS.index(value), WAYS.index(value)


_KINDS: Mapping[str, Callable[[str], Values]] = {
    "proto": _proto,
    "port": _port,
    "sport": _port,
    "dport": _port,
    "host": ip_network,
    "src": ip_network,
    "dst": ip_network,
    "way": _way,
}
