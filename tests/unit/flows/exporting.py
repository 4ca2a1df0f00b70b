# SPDX-License-Identifier: MIT
"""Plays exporters: datagrams of version 5, 9 and IPFIX from the fields that a test names."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from appliance.flows.collector import Collector
from appliance.flows.exporters import Exporters
from appliance.flows.records import Flows
from appliance.formats.ip import IPV4_MAPPED

ROUTER = IPV4_MAPPED + bytes((192, 168, 88, 1))
# 21 September 2026, in milliseconds since the epoch; the exporter runs for a day and more.
NOW_MS = 1_790_000_000_000
UPTIME_MS = 100_000_000

# The fields that most tests need: number and bytes.
USUAL = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (2, 4), (1, 4), (22, 4), (21, 4))
A_FLOW: Mapping[int, int] = {
    8: 0x0A4D0009, 12: 0xC0000209, 7: 40000, 11: 443, 4: 6, 2: 10, 1: 1000,
    22: UPTIME_MS - 5000, 21: UPTIME_MS - 1000,
}  # fmt: skip


def template(number: int = 256, fields: Sequence[tuple[int, int]] = USUAL) -> bytes:
    """Return the content of a set of templates that holds one."""
    return struct.pack("!HH", number, len(fields)) + b"".join(
        struct.pack("!HH", *f) for f in fields
    )


def record(fields: Sequence[tuple[int, int]] = USUAL, **changed: int) -> bytes:
    """Return a record with the values of A_FLOW, but for those given as `f1=…`."""
    values = dict(A_FLOW) | {int(name[1:]): value for name, value in changed.items()}
    return b"".join(values.get(number, 0).to_bytes(length) for number, length in fields)


def flow_set(number: int, content: bytes) -> bytes:
    """Return a set: its head, and its content."""
    return struct.pack("!HH", number, 4 + len(content)) + content


def v9(*sets: bytes, sequence: int = 0, domain: int = 0, uptime: int = UPTIME_MS) -> bytes:
    """Return a datagram of NetFlow 9."""
    head = struct.pack("!HHIIII", 9, len(sets), uptime, NOW_MS // 1000, sequence, domain)
    return head + b"".join(sets)


def ipfix(*sets: bytes, sequence: int = 0, domain: int = 0) -> bytes:
    """Return a datagram of IPFIX."""
    content = b"".join(sets)
    head = struct.pack("!HHIII", 10, 16 + len(content), NOW_MS // 1000, sequence, domain)
    return head + content


def v5(*records: bytes, sequence: int = 0, sampling: int = 0) -> bytes:
    """Return a datagram of NetFlow 5."""
    head = struct.pack("!HHIIIIBBH", 5, len(records), UPTIME_MS, NOW_MS // 1000, 0, sequence,
                       0, 0, sampling)  # fmt: skip
    return head + b"".join(records)


def v5_record(octets: int = 1000, packets: int = 10) -> bytes:
    """Return a record of NetFlow 5."""
    return struct.pack("!IIIHHIIIIHHBBBBHHBBH", 0x0A4D0009, 0xC0000209, 0, 1, 2, packets, octets,
                       UPTIME_MS - 5000, UPTIME_MS - 1000, 40000, 443, 0, 24, 6, 0, 0, 0, 0, 0,
                       0)  # fmt: skip


class Receiving:
    """A collector, and all flows that it made of what a test sent."""

    def __init__(self, exporters: Exporters | None = None, line_mbit: int = 0) -> None:
        self.collector = Collector(exporters or Exporters(), line_mbit)
        self.flows: list[tuple[int, ...]] = []

    def take(
        self, *datagrams: bytes, key: bytes = ROUTER, port: int = 5000, arrival: int = NOW_MS,
        now: float = 0.0,
    ) -> Flows:  # fmt: skip
        """Take datagrams that come at once; return their flows."""
        found = self.collector.receive(
            [(key, port, memoryview(each)) for each in datagrams], arrival, now
        )
        self.flows += [tuple(int(value) for value in each) for each in found.tolist()]
        return found
