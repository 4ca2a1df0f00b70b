# SPDX-License-Identifier: MIT
"""Networks of a database, made here as its format says: the most specific one holds."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from ipaddress import ip_network

import pytest

from image.world.libloc import MAGIC, LocationDatabase

NONE = 0xFFFFFFFF
SYSTEMS = {15169: "GOOGLE", 3320: "Telekom AG"}
NETWORKS = {"8.0.0.0/8": 3320, "8.8.8.0/24": 15169, "2a00:1450::/32": 15169,
            "2a00::/12": 3320, "2a00:1450:0:1:8000::/65": 3320}  # fmt: skip


def database(networks: Mapping[str, int] = NETWORKS, names: Mapping[int, str] = SYSTEMS) -> bytes:
    """Return a database of these networks, and of systems by number."""
    nodes, data = [[0, 0, NONE]], b""
    for text, system in networks.items():
        network = ip_network(text)
        mapped = network.version == 4
        whole = int(network.network_address) | (0xFFFF << 32 if mapped else 0)
        at = 0
        for depth in range(network.prefixlen + (96 if mapped else 0)):
            bit = whole >> 127 - depth & 1
            if not nodes[at][bit]:
                nodes[at][bit] = len(nodes)
                nodes.append([0, 0, NONE])
            at = nodes[at][bit]
        nodes[at][2] = len(data) // 12
        data += struct.pack(">2s2xIH2x", b"US", system, 0)
    pool, systems = b"\0", b""
    for number, name in names.items():
        systems += struct.pack(">2I", number, len(pool))
        pool += name.encode() + b"\0"
    tree = b"".join(struct.pack(">3I", *node) for node in nodes)
    parts, places, end = [systems, data, tree, b"", pool], [], 4096
    for part in parts:
        places += [end, len(part)]
        end += len(part)
    head = MAGIC + struct.pack(">Q13I", 1_742_947_200, 0, 0, 0, *places)
    return head.ljust(4096, b"\0") + b"".join(parts)


def test_the_most_specific_network_holds() -> None:
    found = LocationDatabase(database())
    assert list(found.four()) == [
        (0, 0), (0x08000000, 3320), (0x08080800, 15169), (0x08080900, 3320), (0x09000000, 0),
    ]  # fmt: skip
    assert found.names == SYSTEMS


def test_of_ipv6_the_upper_half_counts() -> None:
    assert list(LocationDatabase(database()).six()) == [
        (0, 0), (0x2A000000 << 32, 3320), (0x2A001450 << 32, 15169), (0x2A001451 << 32, 3320),
        (0x2A100000 << 32, 0),
    ]  # fmt: skip


def test_without_ipv4_all_of_it_is_nobodys() -> None:
    assert list(LocationDatabase(database({"2a00::/12": 3320})).four()) == [(0, 0)]


@pytest.mark.parametrize("content", [b"", MAGIC, b"x" * 5000, database()[:4200]])
def test_what_is_no_database_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        LocationDatabase(content)
