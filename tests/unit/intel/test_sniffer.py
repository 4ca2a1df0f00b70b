# SPDX-License-Identifier: MIT
"""The packet socket, on loopback."""

from __future__ import annotations

import socket

import pytest

from appliance.intel import sniff_filter
from appliance.intel.sniffer import FilteredSniffer
from tests.conftest import need_root


def test_dns_is_seen_and_other_traffic_is_not() -> None:
    need_root()
    sniffer = FilteredSniffer("lo", sniff_filter.program())
    word = b"glovebox-intel-test"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(word, ("127.0.0.1", 53))
        seen: list[bytes] = []
        while not any(word in frame for frame in seen):
            sniffer.wait(5)
            got = [bytes(frame) for frame in sniffer.frames()]
            assert got, "nothing came within 5 s"
            seen += got
    assert sniffer.lost == 0
    sniffer.close()


def test_without_the_interface_it_says_so() -> None:
    need_root()
    with pytest.raises(OSError, match="No such device"):
        FilteredSniffer("none0", sniff_filter.program())
