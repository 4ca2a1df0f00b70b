# SPDX-License-Identifier: MIT
"""What the kernel lost before we could receive it: full sockets, fragments, damaged datagrams."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

NET = Path("/proc/self/net")

# Not in Python's socket module. The last of the nine words is what SO_RXQ_OVFL would report, but
# without a control message on every datagram (sock_diag(7): SK_MEMINFO_DROPS).
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("9I")


@dataclass(slots=True)
class Growth:
    """How much a counter of the kernel has grown since it stood at `last`."""

    last: int
    total: int = 0

    def update(self, now: int) -> None:
        """Take in the counter's present value; one that is smaller has begun anew."""
        self.total += now - self.last if now >= self.last else now
        self.last = now


def socket_drops(receiver: socket.socket) -> int:
    """Return how many datagrams found this socket full, or failed their checksum, since it is."""
    return int(
        _MEMINFO.unpack(receiver.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[-1]
    )


def identity(receiver: socket.socket) -> str:
    """Return what names a socket as long as it is open anywhere: its inode."""
    return str(os.fstat(receiver.fileno()).st_ino)


def network_losses(net: Path = NET) -> dict[str, int]:
    """Return the machine's `reassembly_failures` of IP and `udp_errors`, both IP versions together.

    Source: proc_net(5), RFC 4293 (ReasmFails) and RFC 4113 (InErrors: full sockets and damage).
    """
    values = parse_snmp((net / "snmp").read_text(encoding="ascii"))
    with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
        values |= parse_snmp6((net / "snmp6").read_text(encoding="ascii"))
    return {
        "reassembly_failures": values["IpReasmFails"] + values.get("Ip6ReasmFails", 0),
        "udp_errors": values["UdpInErrors"] + values.get("Udp6InErrors", 0),
    }


def parse_snmp(text: str) -> dict[str, int]:
    """Return the counters of /proc/net/snmp: pairs of lines, names and values, with a prefix."""
    values: dict[str, int] = {}
    lines = text.splitlines()
    for names, numbers in zip(lines[::2], lines[1::2], strict=True):
        prefix, _, columns = names.partition(":")
        counts = numbers.partition(":")[2].split()
        for name, count in zip(columns.split(), counts, strict=True):
            values[prefix + name] = int(count)
    return values


def parse_snmp6(text: str) -> dict[str, int]:
    """Return the counters of /proc/net/snmp6: one name and value on each line."""
    return {name: int(count) for name, count in map(str.split, text.splitlines())}
