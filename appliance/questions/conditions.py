# SPDX-License-Identifier: MIT
"""Which flows are meant: switches as rwfilter(1) of SiLK has them, in SQL. Pure.

Nothing of what a switch says goes into SQL as it is: numbers are written anew, words are looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from appliance.errors import InputError
from appliance.formats.plain_address import HALF, halves, mapped, mask
from appliance.settings.sections.exclusions import PROTOCOLS, WAYS

MOST_PARTS = 100
_BITS = {letter: 1 << bit for bit, letter in enumerate("FSRPAUEC")}


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch: what it takes, in words, and how that becomes SQL. A set is given as a file."""

    name: str
    help: str
    sql: Callable[[str], str]
    is_set: bool = False


def _ranges(column: str, most: int) -> Callable[[str], str]:
    def sql(text: str) -> str:
        return _or(f"{column} BETWEEN {first} AND {last}" if first != last else f"{column} = {last}"
                   for first, last in _pairs(text, most))  # fmt: skip

    return sql


def _pairs(text: str, most: int) -> list[tuple[int, int]]:
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,20})\s*(?:(-)\s*(\d{1,20})?)?\s*", part, re.ASCII)
        if match is None:
            raise InputError(f"{text[:40]!r}: expected numbers and ranges, like 80,443,8000-8080")
        first = int(match[1])
        last = int(match[3]) if match[3] else (most if match[2] else first)
        if not first <= last <= most:
            raise InputError(f"{text[:40]!r}: a range goes upwards, to {most} at most")
        found.append((first, last))
    if len(found) > MOST_PARTS:
        raise InputError(f"at most {MOST_PARTS} numbers and ranges")
    return found


def _or(parts: Iterable[str]) -> str:
    found = list(parts)
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


def _protocol(text: str) -> str:
    numbers = ",".join(str(PROTOCOLS.get(each.strip().lower(), each)) for each in text.split(","))
    return _ranges("proto", 255)(numbers)


def _any_port(text: str) -> str:
    return _or((_ranges("sport", 65_535)(text), _ranges("dport", 65_535)(text)))


def _network(*ends: str) -> Callable[[str], str]:
    def sql(text: str) -> str:
        parts = text.split(",")
        if len(parts) > MOST_PARTS:
            raise InputError(f"at most {MOST_PARTS} addresses; more as a set")
        return _or(_within(end, part.strip()) for part in parts for end in ends)

    return sql


def _within(end: str, text: str) -> str:
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        raise InputError(f"{text[:50]!r}: no address and no network") from None
    first, last = (halves(each) for each in (mapped(found).first, mapped(found).last))
    high = _between(f"{end}_hi", first[0], last[0])
    low = _between(f"{end}_lo", first[1], last[1])
    if low is None:
        return high or "true"
    return f"({high} AND {low})"


def _between(column: str, first: int, last: int) -> str | None:
    if first == last:
        return f"{column} = {first}"
    return None if (first, last) == (0, HALF) else f"{column} BETWEEN {first} AND {last}"


def _way(text: str) -> str:
    names = [each.strip().lower() for each in text.split(",")]
    if not set(names) <= {*WAYS}:
        raise InputError(f"{text[:30]!r}: expected {', '.join(WAYS)}")
    return "way IN ({})".format(", ".join(f"'{each}'" for each in dict.fromkeys(names)))


def _country(*columns: str) -> Callable[[str], str]:
    def sql(text: str) -> str:
        names = [each.strip() for each in text.split(",")]
        if not all(re.fullmatch("[A-Za-z]{2}", each, re.ASCII) for each in names):
            raise InputError(f"{text[:30]!r}: expected codes of countries, like ch,de")
        found = ", ".join(f"'{each.upper()}', '{each.lower()}'" for each in dict.fromkeys(names))
        return _or(f"{column} IN ({found})" for column in columns)

    return sql


def _flags(text: str) -> str:
    """Read flags as rwfilter does: HIGH/MASK, like S/SA; a list of them with commas."""
    return _or(_flag_pair(part) for part in text.upper().split(","))


def _flag_pair(text: str) -> str:
    high, slash, mask = text.strip().partition("/")
    if not slash or not set(high) <= set(mask) <= _BITS.keys() or not mask:
        raise InputError(f"{text[:20]!r}: expected flags like S/SA, of F, S, R, P, A, U, E, C")
    return f"flags & {_number(mask)} = {_number(high)}"


def _number(letters: str) -> int:
    return sum(_BITS[each] for each in set(letters))


def _in_set(*ends: str) -> Callable[[str], str]:
    """Make the SQL of a set, given as `NAME:BITS,BITS`: a table and the lengths that it has."""

    def sql(text: str) -> str:
        table, _, lengths = text.partition(":")
        found = [_of_length(table, end, int(bits)) for bits in lengths.split(",") if bits
                 for end in ends]  # fmt: skip
        return _or(found) if found else "false"

    return sql


def _of_length(table: str, end: str, bits: int) -> str:
    upper, lower = halves(mask(bits))
    high, low = _masked(f"{end}_hi", upper), _masked(f"{end}_lo", lower)
    return f"({high}, {low}) IN (SELECT (hi, lo) FROM {table} WHERE bits = {bits})"


def _masked(column: str, wanted: int) -> str:
    return column if wanted == HALF else f"{column} & {wanted}" if wanted else "0::UBIGINT"


SWITCHES: Mapping[str, Switch] = {
    each.name: each
    for each in (
        Switch("proto", "protocols, like 6,17 or 0-255", _protocol),
        Switch("sport", "source ports, like 80,443,8000-8080", _ranges("sport", 65_535)),
        Switch("dport", "destination ports", _ranges("dport", 65_535)),
        Switch("aport", "ports of either end", _any_port),
        Switch("saddress", "source addresses and networks", _network("src")),
        Switch("daddress", "destination addresses and networks", _network("dst")),
        Switch("any-address", "addresses and networks of either end", _network("src", "dst")),
        Switch("bytes", "bytes of a flow, like 1000- or 40-100", _ranges("bytes", HALF)),
        Switch("packets", "packets of a flow", _ranges("packets", HALF)),
        Switch("flags-all", "TCP flags, like S/SA", _flags),
        Switch("type", f"ways: {', '.join(WAYS)}", _way),
        Switch("scc", "countries of the source, like ch,de", _country("scc")),
        Switch("dcc", "countries of the destination", _country("dcc")),
        Switch("any-cc", "countries of either end", _country("scc", "dcc")),
        Switch("sipset", "a file of source addresses", _in_set("src"), is_set=True),
        Switch("dipset", "a file of destination addresses", _in_set("dst"), is_set=True),
        Switch("anyset", "a file of addresses of either end", _in_set("src", "dst"), is_set=True),
    )
}


def condition(name: str, text: str) -> str:
    """Return a switch as a condition in SQL. Raises InputError for what it does not take."""
    try:
        return SWITCHES[name].sql(text)
    except InputError as error:
        raise InputError(f"--{name}: {error}") from None
