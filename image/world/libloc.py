# SPDX-License-Identifier: MIT
"""IPFire's database of networks, as libloc writes it: to whom which addresses are announced. Pure.

Big-endian (libloc's src/libloc/format.h): a magic, a header of places and lengths, then autonomous
systems by number, the data of networks, and a binary tree over 128 bits in which IPv4 stands as
::ffff:a.b.c.d. The most specific network holds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAGIC = b"LOCDBXX\x01"
# created, vendor, description, licence; then place and length of each part.
_HEADER = struct.Struct(">Q13I")
_NODE, _NETWORK, _SYSTEM = struct.Struct(">3I"), struct.Struct(">2s2xIH2x"), struct.Struct(">2I")
_NONE = 0xFFFFFFFF
_FOUR_DEPTH, _SIX_DEPTH = 96, 64


class LocationDatabase:
    """The database. Raises ValueError for what is none."""

    def __init__(self, content: bytes) -> None:
        if not content.startswith(MAGIC) or len(content) < len(MAGIC) + _HEADER.size:
            raise ValueError("no database of libloc's, or of another version")
        (self.created, _, _, _, systems, systems_size, networks, networks_size, tree, tree_size,
         _, _, pool, pool_size) = _HEADER.unpack_from(content, len(MAGIC))  # fmt: skip
        if pool + pool_size > len(content) or tree + tree_size > len(content):
            raise ValueError("the database is cut off")
        self._pool = content[pool : pool + pool_size]
        self._tree = content[tree : tree + tree_size]
        self._networks = content[networks : networks + networks_size]
        self.names = {
            number: self._text(at)
            for number, at in _SYSTEM.iter_unpack(content[systems : systems + systems_size])
        }

    def four(self) -> Iterator[tuple[int, int]]:
        """Yield where each system's addresses begin, IPv4, and its number; 0 is nobody's."""
        node, owner = 0, 0
        for bit in f"{0xFFFF:096b}":
            *following, network = self._node(node)
            owner = self._owner(network, owner)
            node = following[int(bit)]
            if not node:
                return iter([(0, owner)])
        return self._walk(node, owner, 128 - _FOUR_DEPTH)

    def six(self) -> Iterator[tuple[int, int]]:
        """Yield the same of IPv6, by the upper 64 bits of addresses."""
        return self._walk(0, 0, _SIX_DEPTH)

    def _walk(self, root: int, owner: int, bits: int) -> Iterator[tuple[int, int]]:
        """Walk a tree in the order of addresses; what is below `bits` is not looked at."""
        last = -1
        # A child 0 is none: the root is nobody's child.
        waiting = [(self._node(root), 0, bits, owner)]
        while waiting:
            (zero, one, network), first, left, owner = waiting.pop()
            owner = self._owner(network, owner)
            if left and (zero or one):
                half = 1 << left - 1
                waiting.append((self._child(one), first | half, left - 1, owner))
                waiting.append((self._child(zero), first, left - 1, owner))
            elif owner != last:
                yield first, owner
                last = owner

    def _child(self, number: int) -> tuple[int, int, int]:
        return self._node(number) if number else (0, 0, _NONE)

    def _node(self, number: int) -> tuple[int, int, int]:
        zero, one, network = _NODE.unpack_from(self._tree, number * _NODE.size)
        return zero, one, network

    def _owner(self, network: int, inherited: int) -> int:
        if network == _NONE:
            return inherited
        return int(_NETWORK.unpack_from(self._networks, network * _NETWORK.size)[1])

    def _text(self, at: int) -> str:
        end = self._pool.index(b"\0", at)
        return self._pool[at:end].decode("utf-8", "replace")
