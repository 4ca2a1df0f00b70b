# SPDX-License-Identifier: MIT
"""The addresses of this machine as the kernel has them now, asked without a socket of its own.

The receiver may not use netlink, which getifaddrs(3) needs. Sources: proc_net(5) (fib_trie: the
table of the addresses that are local), the kernel's net/ipv6/addrconf.c (if_inet6).
"""

from __future__ import annotations

import contextlib
import re
import time
from ipaddress import IPv4Address
from pathlib import Path

from appliance.formats.ip import IPV4_MAPPED, key_of
from appliance.udp.kernel import NET

REFRESH_S = 1.0

_LOOPBACK = IPV4_MAPPED + b"\x7f"
_EVERYBODY = IPV4_MAPPED + b"\xff" * 4
_LOCAL = re.compile(r"\|-- ([0-9.]+)\n(?:\s+/\S+ .*\n)*?\s+/32 (?:host LOCAL|link BROADCAST)")


class OwnAddresses:
    """A container of 16-byte keys (ip.key_of); the kernel is asked once a second at most.

    It is asked only when somebody asks here. Broadcast addresses and all of 127.0.0.0/8 count too.
    """

    def __init__(self, net: Path = NET) -> None:
        self._net = net
        self._keys: frozenset[bytes] = frozenset()
        self._read_at = float("-inf")

    def __contains__(self, key: object) -> bool:
        now = time.monotonic()
        if now - self._read_at >= REFRESH_S:
            self._read_at = now
            self._keys = frozenset(self._read())
        return key in self._keys or isinstance(key, bytes) and key.startswith(_LOOPBACK)

    def _read(self) -> list[bytes]:
        keys = [_EVERYBODY]
        # What cannot be read makes no echo: its frames are seen, but nothing ends.
        with contextlib.suppress(OSError):
            keys += parse_fib_trie((self._net / "fib_trie").read_text(encoding="ascii"))
        with contextlib.suppress(OSError):  # a kernel without IPv6
            keys += parse_if_inet6((self._net / "if_inet6").read_text(encoding="ascii"))
        return keys


def parse_fib_trie(text: str) -> list[bytes]:
    """Return the keys of the local and the broadcast addresses of IPv4."""
    return [key_of(IPv4Address(found).packed) for found in _LOCAL.findall(text)]


def parse_if_inet6(text: str) -> list[bytes]:
    """Return the keys of the addresses of IPv6: the first 32 digits of each line."""
    return [bytes.fromhex(line.split()[0]) for line in text.splitlines()]
