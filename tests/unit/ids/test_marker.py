# SPDX-License-Identifier: MIT
"""The self-test's marker: right on the wire, unguessable, told apart by its token."""

from __future__ import annotations

import struct

from appliance.host import address_pairs
from appliance.ids import marker, templates
from appliance.ids.marker import Token

SECRET = "00ff" * 12


def ones_complement_sum(data: bytes) -> int:
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_frame_has_right_checksums() -> None:
    content = marker.frame(SECRET, Token(40000, 59999))
    ip, udp = content[14:34], content[34:]
    assert ones_complement_sum(ip) == 0xFFFF
    pseudo = ip[12:20] + struct.pack(">BBH", 0, 17, len(udp))
    assert ones_complement_sum(pseudo + udp) == 0xFFFF


def test_frame_carries_secret_and_token() -> None:
    content = marker.frame(SECRET, Token(40001, 40002))
    assert content[34:38] == struct.pack(">HH", 40001, 40002)
    assert content.endswith(bytes.fromhex(SECRET))


def test_new_secret_is_another_each_time() -> None:
    assert len({marker.new_secret() for _ in range(100)}) == 100


def test_new_token_keeps_off_the_tzsp_port() -> None:
    tokens = [marker.new_token() for _ in range(1000)]
    ports = {port for token in tokens for port in (token.source_port, token.destination_port)}
    assert min(ports) >= 40000
    assert max(ports) < 60000


def test_rule_names_the_whole_secret() -> None:
    text = marker.rule(SECRET)
    assert 'content:"|00 ff ' in text
    assert text.count("00 ff") == 12
    assert f"sid:{marker.SID};" in text


def test_each_inspector_has_a_marker() -> None:
    assert marker.destination(0, 1) == marker.DESTINATION
    for count in range(2, templates.MOST + 1):
        places = [marker.destination(number, count) for number in range(count)]
        found = [address_pairs.number(marker.SOURCE, place, count) for place in places]
        assert found == list(range(count))
