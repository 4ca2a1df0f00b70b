# SPDX-License-Identifier: MIT
"""By what flows are shown and grouped: SiLK's names and numbers, and some of our own. Pure.

Names and numbers: rwcut(1) of SiLK. `host` and `peer` are the ends inside and outside, `hour` and
`day` when a flow began, in the zone of the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.errors import InputError


@dataclass(frozen=True, slots=True)
class AskedField:
    """What it is called, SiLK's number of it (0: none), the columns that it rests on, and SQL.

    `columns` are grouped by; `shown` makes of them what people read, `{0}` and `{1}` are their
    names. `width` is that of rwcut's column; `title` is for the page.
    """

    name: str
    number: int
    columns: tuple[str, ...]
    shown: str
    width: int
    title: str


_HOST = "CASE WHEN way = 'in' THEN dst_{0} ELSE src_{0} END"
_PEER = "CASE WHEN way = 'in' THEN src_{0} ELSE dst_{0} END"
_FLAGS = " || ".join(
    f"CASE WHEN {{0}} & {1 << bit} > 0 THEN '{letter}' ELSE '' END"
    for bit, letter in enumerate("FSRPAUEC")
)


_SERVICE = (
    "CASE {0} WHEN 6 THEN 'TCP ' || {1} WHEN 17 THEN 'UDP ' || {1}"
    " WHEN 1 THEN 'ICMP' WHEN 58 THEN 'ICMPv6' ELSE 'protocol ' || {0} END"
)


def _end(name: str, number: int, column: str, title: str) -> AskedField:
    return AskedField(
        name, number, (f"{column}_hi", f"{column}_lo"), "address({0}, {1})", 39, title
    )


def _plain(name: str, number: int, width: int, title: str, column: str = "") -> AskedField:
    return AskedField(name, number, (column or name,), "{0}", width, title)


FIELDS: Mapping[str, AskedField] = {
    each.name: each
    for each in (
        _end("sip", 1, "src", "Source"),
        _end("dip", 2, "dst", "Destination"),
        _plain("sport", 3, 5, "Source port"),
        _plain("dport", 4, 5, "Destination port"),
        _plain("proto", 5, 3, "Protocol"),
        _plain("packets", 6, 10, "Packets"),
        _plain("bytes", 7, 12, "Bytes"),
        AskedField("flags", 8, ("flags",), _FLAGS, 8, "TCP flags"),
        AskedField("stime", 9, ("first",), "local({0})", 23, "Begin"),
        AskedField("duration", 10, ("duration",), "{0} / 1000", 9, "Duration (s)"),
        AskedField("etime", 11, ("first + to_milliseconds(duration)",), "local({0})", 23, "End"),
        _plain("in", 13, 5, "Interface in", "in_if"),
        _plain("out", 14, 5, "Interface out", "out_if"),
        _plain("type", 21, 6, "Way", "way"),
        AskedField("host", 0, (_HOST.format("hi"), _HOST.format("lo")),
                  "address({0}, {1})", 39, "Host inside"),
        AskedField("peer", 0, (_PEER.format("hi"), _PEER.format("lo")),
                  "address({0}, {1})", 39, "Other end"),
        AskedField("service", 0, ("proto", "least(sport, dport)"), _SERVICE, 12, "Service"),
        AskedField("hour", 0, ("date_trunc('hour', local(first))",), "{0}", 19, "Hour"),
        AskedField("day", 0, ("CAST(local(first) AS DATE)",), "{0}", 10, "Day"),
        _plain("scc", 18, 3, "Country of the source"),
        _plain("dcc", 19, 3, "Country of the destination"),
        _plain("country", 0, 7, "Country"),
        _end("exporter", 0, "exporter", "Router"),
        _end("natsip", 0, "nat_src", "Source after NAT"),
        _end("natdip", 0, "nat_dst", "Destination after NAT"),
    )
}  # fmt: skip
_NUMBERS = {str(each.number): each for each in FIELDS.values() if each.number}
_ALIASES = {"protocol": "proto", "dur": "duration", "pkts": "packets", "time": "stime"}
MOST_SHOWN = len(FIELDS)


def field_of(text: str) -> AskedField:
    """Return the field that a name or SiLK's number means. Raises InputError."""
    name = text.strip().lower()
    found = _NUMBERS.get(name) or FIELDS.get(_ALIASES.get(name, name))
    if found is None:
        raise InputError(f"no field {text[:20]!r}; there are {', '.join(FIELDS)}")
    return found


def fields_of(text: str) -> tuple[AskedField, ...]:
    """Return the fields of a list like sip,4 or 1-5. Raises InputError."""
    found: list[AskedField] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if dash and first.strip().isdigit() and last.strip().isdigit():
            numbers = range(int(first), min(int(last), 99) + 1)
            found += [field_of(str(each)) for each in numbers if str(each) in _NUMBERS]
        else:
            found.append(field_of(part))
    return tuple(dict.fromkeys(found))
