# SPDX-License-Identifier: MIT
"""Totals by host and five minutes, and each host's greatest peers and services. Pure.

The bytes of a flow belong to the time between its beginning and its end, spread evenly, and no byte
gets lost or doubled by that. What is counted here stays until take() hands it on.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from appliance.flows.records import Flows, Index, Ints, Mask, Words, together
from appliance.flows.sides import Sides

STEP_MS = 300_000
# Hosts that are counted apart; those beyond are counted as one, the host 0.
MOST_HOSTS = 4096
# Addresses that are looked up, with those that got no number.
MOST_KEYS = 32_768
# A flow is spread over so many steps at most, two hours: routers tell of one that goes on within
# half an hour. So many of those over a border are cut at a time.
MOST_STEPS, AT_ONCE = 24, 4096
# Hosts in steps that are counted apart until they are stored; some thousand are usual.
MOST_CELLS = 20_000
# Peers and services: rows that are kept for all hosts together, before small ones are dropped.
MOST_ROWS, COMPACT_AT = 8_192, 40_960
# TCP and UDP; the service is the lower port, of others the protocol alone.
_HAS_PORTS = np.zeros(256, np.bool_)
_HAS_PORTS[[6, 17]] = True

Host = tuple[int, int]
"""The two halves of an address; (0, 0) is nobody here, and all hosts beyond MOST_HOSTS."""
NOBODY: Host = (0, 0)
VALUES = ("bytes_in", "bytes_out", "packets_in", "packets_out", "flows")


@dataclass
class Details:
    """The peers, or the services, of all hosts: host, key and bytes in and out; bounded.

    `dropped` are the bytes of rows for which there was no room.
    """

    dropped: int = 0
    _rows: list[tuple[Words, ...]] = field(default_factory=list)
    _count: int = 0

    def add(self, *columns: Words) -> None:
        """Take rows: host number, key in two halves, bytes in, bytes out."""
        self._rows.append(columns)
        self._count += len(columns[0])
        if self._count > COMPACT_AT:
            self._compact()

    def take(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield host number, key in two halves, bytes in and out; forget them."""
        if self._rows:
            self._compact()
            rows = [each.tolist() for each in self._rows[0]]
            yield from zip(*rows, strict=True)
        self._rows, self._count = [], 0

    def _compact(self) -> None:
        host, high, low, came, went = (
            np.concatenate([row[index] for row in self._rows]) for index in range(5)
        )
        order, starts = _groups(host, high, low)
        rows: tuple[Words, ...] = (
            *(each[order][starts] for each in (host, high, low)),
            *(np.add.reduceat(each[order], starts) for each in (came, went)),
        )
        if len(starts) > MOST_ROWS:
            rows = self._greatest(rows)
        self._rows, self._count = [rows], len(rows[0])

    def _greatest(self, rows: tuple[Words, ...]) -> tuple[Words, ...]:
        both = rows[3] + rows[4]
        order = np.argpartition(both, len(both) - MOST_ROWS)
        self.dropped += int(both[order[:-MOST_ROWS]].sum())
        kept = np.sort(order[-MOST_ROWS:])
        return tuple(np.asarray(each[kept]) for each in rows)


def _groups(host: Words, high: Words, low: Words) -> tuple[Index, Index]:
    """Return an order in which equal rows stand together, and where each kind begins."""
    order = together((high * _MIX[0] ^ low) * _MIX[1] ^ host)
    host, high, low = host[order], high[order], low[order]
    new = np.ones(len(host), np.bool_)
    # Two kinds that happen to be mixed alike may stand in pieces; they are added up later.
    new[1:] = (host[1:] != host[:-1]) | (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    return order, np.flatnonzero(new)


# Odd numbers that nobody outside knows.
_MIX = [np.uint64(secrets.randbits(64) | 1) for _ in range(2)]

Cells = dict[tuple[int, int], list[int]]
"""By step (number since the epoch) and host number: bytes in and out, packets in and out, flows."""


@dataclass(frozen=True)
class Taken:
    """What was counted since the last time; the host of a number stands in `hosts`."""

    hosts: list[Host]
    cells: Cells
    peers: list[tuple[int, int, int, int, int]]
    services: list[tuple[int, int, int, int, int]]


class Totals:
    """What all hosts sent and got, until it is taken."""

    def __init__(self) -> None:
        self._hosts = _Hosts()
        self._cells: Cells = {}
        self._peers, self._services = Details(), Details()
        #: All that was ever counted, in VALUES' order of bytes in and out.
        self.bytes_in = 0
        self.bytes_out = 0

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def dropped(self) -> int:
        """Return the bytes of peers for which there was no room; totals have them all the same."""
        return self._peers.dropped

    def add(self, flows: Flows, sides: Sides) -> None:
        """Count flows, each for the hosts that it is of."""
        if not len(flows):
            return
        at = sides.flow
        host = self._hosts.numbers(sides.host_hi, sides.host_lo)
        times = np.maximum(flows["sampling"], 1).astype(np.uint64)
        counted, packets = (flows["bytes"] * times)[at], (flows["packets"] * times)[at]
        self._spread(host, flows["first"][at], flows["last"][at], counted, packets, sides.out)
        came, went = np.where(sides.out, 0, counted), np.where(sides.out, counted, 0)
        self.bytes_in += int(came.sum())
        self.bytes_out += int(went.sum())
        self._peers.add(host, sides.peer_hi, sides.peer_lo, came, went)
        service = _services(flows)[at]
        self._services.add(host, np.zeros_like(service), service, came, went)

    def _spread(
        self, host: Words, first: Ints, last: Ints, counted: Words, packets: Words, out: Mask
    ) -> None:
        begin, end = first // STEP_MS, last // STEP_MS
        begin = np.maximum(begin, end - MOST_STEPS + 1)
        several = end > begin
        one = ~several
        flows = np.ones(len(host), np.uint64)
        self._put(begin[one], host[one], counted[one], packets[one], flows[one], out[one])
        wide = np.flatnonzero(several)
        for start in range(0, len(wide), AT_ONCE):
            at = wide[start : start + AT_ONCE]
            pieces = _Wide(begin[at], end[at], first[at], last[at])
            row, step, is_first = pieces.rows()
            self._put(step, host[at][row], pieces.cut(counted[at]), pieces.cut(packets[at]),
                      is_first.astype(np.uint64), out[at][row])  # fmt: skip

    def _put(
        self, step: Ints, host: Words, counted: Words, packets: Words, flows: Words, out: Mask
    ) -> None:
        """Add what belongs to one step each."""
        if not len(step):
            return
        key = step.astype(np.uint64) << np.uint64(17) | host << np.uint64(1)
        key |= out.astype(np.uint64)
        order = together(key)
        key = key[order]
        starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        if len(starts) > MOST_CELLS and host.any():
            # Made up by somebody, and each would take a microsecond: they are nobody's.
            self._put(step, np.zeros_like(host), counted, packets, flows, out)
            return
        sums = [np.add.reduceat(each[order], starts).tolist() for each in (counted, packets, flows)]
        for number, octets, many, count in zip(key[starts].tolist(), *sums, strict=True):
            cell = self._cell(number >> 17, number >> 1 & 0xFFFF)
            sent = number & 1
            cell[sent] += octets
            cell[2 + sent] += many
            cell[4] += count

    def _cell(self, step: int, host: int) -> list[int]:
        if (step, host) not in self._cells and len(self._cells) >= MOST_CELLS:
            host = 0
        return self._cells.setdefault((step, host), [0] * 5)

    def take(self) -> Taken:
        """Hand on what was counted, and begin anew."""
        taken = Taken(self._hosts.known, self._cells, list(self._peers.take()),
                      list(self._services.take()))  # fmt: skip
        self._hosts, self._cells = _Hosts(), {}
        return taken


class _Wide:
    """Flows that last over the border of a step, to be cut there.

    The sums of the pieces are the wholes, to the byte.
    """

    def __init__(self, begin: Ints, end: Ints, first: Ints, last: Ints) -> None:
        """Take the numbers of the first and last step, and the times, of each flow."""
        many = end - begin + 1
        self._row = np.repeat(np.arange(len(begin)), many)
        nth = np.arange(len(self._row)) - np.repeat(np.cumsum(many) - many, many)
        self._is_first, self._is_last = nth == 0, nth == many[self._row] - 1
        self._step = begin[self._row] + nth
        length = np.maximum(last - first, 1)[self._row].astype(np.float64)
        self._upto = np.clip(((self._step + 1) * STEP_MS - first[self._row]) / length, 0.0, 1.0)

    def rows(self) -> tuple[Index, Ints, Mask]:
        """Return of each piece the flow, the step, and whether it is the first of its flow."""
        return self._row, self._step, self._is_first

    def cut(self, values: Words) -> Words:
        """Return the part of each piece."""
        whole = values[self._row]
        sums = np.where(self._is_last, whole, (whole * self._upto).astype(np.uint64))
        before = np.concatenate([np.zeros(1, np.uint64), sums[:-1]])
        return np.asarray(sums - np.where(self._is_first, np.uint64(0), before))


def _services(flows: Flows) -> Words:
    """Return protocol and port of the service: protocol << 16 | the lower port that is not 0."""
    lower = np.minimum(flows["sport"], flows["dport"])
    lower = np.where(lower == 0, np.maximum(flows["sport"], flows["dport"]), lower)
    lower = np.where(_HAS_PORTS[flows["proto"]], lower, 0)
    return np.asarray(flows["proto"].astype(np.uint64) << np.uint64(16) | lower.astype(np.uint64))


class _Hosts:
    """Gives hosts numbers, as they come; 0 is nobody, and whoever comes when all are given."""

    def __init__(self) -> None:
        self.known: list[Host] = [NOBODY]
        self._numbers: dict[Host, int] = {NOBODY: 0}
        self._factors = [np.uint64(secrets.randbits(64) | 1) for _ in range(2)]
        self._keys = np.zeros(0, np.uint64)
        self._of_keys = np.zeros(0, np.uint64)
        # Where a key stands, by its upper 16 bits; which it is not for some, that share them.
        self._places = np.zeros(65_536, np.uint16)

    def numbers(self, high: Words, low: Words) -> Words:
        """Return the number of each host."""
        mixed = (high ^ low * self._factors[0]) * self._factors[1]
        keys = mixed ^ mixed >> np.uint64(31)
        at, known = self._find(keys)
        if not known.all() and len(self._keys) < MOST_KEYS:
            self._add(keys[~known], high[~known], low[~known])
            at, known = self._find(keys)
        if not len(self._keys):
            return np.zeros(len(keys), np.uint64)
        return np.asarray(np.where(known, self._of_keys[at], np.uint64(0)))

    def _find(self, keys: Words) -> tuple[Index, Mask]:
        if not len(self._keys):
            return np.zeros(len(keys), np.intp), np.zeros(len(keys), np.bool_)
        at = self._places[keys >> np.uint64(48)].astype(np.intp)
        known = self._keys[at] == keys
        rest = np.flatnonzero(~known)
        if len(rest):
            at[rest] = np.searchsorted(self._keys, keys[rest]) % len(self._keys)
            known[rest] = self._keys[at[rest]] == keys[rest]
        return at, known

    def _add(self, keys: Words, high: Words, low: Words) -> None:
        fresh, first = np.unique(keys, return_index=True)
        numbers = [self._number((int(high[at]), int(low[at]))) for at in first]
        merged = np.concatenate([self._keys, fresh])
        order = np.argsort(merged)
        self._keys = merged[order]
        self._of_keys = np.concatenate([self._of_keys, np.array(numbers, np.uint64)])[order]
        self._places[self._keys >> np.uint64(48)] = np.arange(len(self._keys))

    def _number(self, host: Host) -> int:
        if host in self._numbers:
            return self._numbers[host]
        if len(self.known) > MOST_HOSTS:
            return 0
        self._numbers[host] = len(self.known)
        self.known.append(host)
        return self._numbers[host]
