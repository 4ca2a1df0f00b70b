# SPDX-License-Identifier: MIT
"""Every line of RouterOS with known fields; and what must not pass for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import DecodeError
from appliance.logs.lines import routeros_lines
from appliance.logs.lines.event import ANSWER, ATTEMPT, PASSED
from tests.unit.logs.conftest import a_line, known_lines
from tests.unit.logs.known_fields import differing


def test_every_known_line(shared_data: Path) -> None:
    lines = list(known_lines(shared_data, "routeros"))
    assert len(lines) == 17
    for each in lines:
        if each["expect"] is None:
            with pytest.raises(DecodeError):
                routeros_lines.parse(each["line"])
        else:
            assert differing(routeros_lines.parse(each["line"]), each["expect"]) == {}, each["why"]


def test_lines_of_others_are_read(shared_data: Path) -> None:
    text = (shared_data / "logs/mikrotik-syslog/firewall_lines.log").read_text()
    found = [routeros_lines.parse(line) for line in text.splitlines()]
    assert [packet.port for packet in found] == [65083, 59387, 80, 80, 44258]
    # A reset of a connection that is over, and a lone ACK, are no attempts.
    assert [packet.role for packet in found] == [ANSWER, ATTEMPT, ATTEMPT, ATTEMPT, ANSWER]


def test_what_goes_out_is_no_attempt(shared_data: Path) -> None:
    (line,) = (each for each in known_lines(shared_data, "routeros") if "snat" in each["line"])
    assert routeros_lines.parse(line["line"]).role == PASSED


def test_translation_of_addresses_of_ipv6() -> None:
    line = (
        "forward: in:a out:b, connection-state:new,dnat proto TCP (SYN), "
        "[2001:db8::7]:1->[2001:db8::8]:80, NAT [2001:db8::7]:1->([2001:db8::9]:8080->"
        "[2001:db8::8]:80), len 60"
    )
    assert routeros_lines.parse(line).aimed == ("2001:db8::9", 8080)


@pytest.mark.parametrize("end", ["", " ", "\r\n", "\n\0", ", len 60", " from 198.51.100.5 via ssh"])
def test_a_line_ends_with_its_length(end: str) -> None:
    line = a_line() + end
    if end.strip("\r\n\0 "):
        with pytest.raises(DecodeError):
            routeros_lines.parse(line)
    else:
        assert routeros_lines.parse(line).length == 60


@pytest.mark.parametrize(
    "translated", ["x", "198.51.100.7:1", "1.1.1.1:1->(", "1.1.1.1:1->(x:1->2.2.2.2:2)"]
)
def test_half_a_translation_is_none(translated: str) -> None:
    line = a_line().replace(", len", f", NAT {translated}, len")
    with pytest.raises(DecodeError):
        routeros_lines.parse(line)


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("dstnat: in:ether1 out:(none), src-mac 02:00:5e:00:53:01, proto TCP (SYN), "
         "198.51.100.7:4444->192.0.2.10:3389, len 52",
         {"chain": "dstnat", "out": "(none)", "port": 3389, "role": ATTEMPT}),
        ("DROP: forward: in:vlan10, guest out:pppoe-out1, connection-state:new proto UDP, "
         "192.168.88.5:5353->224.0.0.251:5353, len 100",
         {"chain": "forward", "interface": "vlan10, guest", "port": 5353}),
        ("<134>2026-10-02T17:36:35.265-0500 gate BLOCK input: in:ether1 out:(unknown 0), "
         "proto UDP, [fe80::1]:546->[ff02::1:2]:547, len 120",
         {"source": "fe80::1", "target": "ff02::1:2"}),
        ("input: in:ether1 out:(unknown 0), packet-mark:voip connection-state:new src-mac "
         "02:00:5e:00:53:01, proto UDP, 198.51.100.7:1->192.0.2.1:5060, prio 0->6, len 400",
         {"state": "new", "port": 5060}),
        ("BLOCK input: in:ether1 out:(unknown 0), connection-state:new proto ICMPv6 "
         "(type 128, code 0), 2001:db8::7->2001:db8:1::10, len 104",
         {"number": 58, "port": None, "role": ATTEMPT}),
        ("input: in:a out:(unknown 0), connection-state:new proto ICMP (type 3, code 1), "
         "198.51.100.7->192.0.2.1, len 84", {"role": ANSWER}),
        ("\u65e5\u672c input: in:a out:b, proto 2, 192.0.2.1->224.0.0.1, len 32",
         {"number": 2, "port": None}),
        # A router that translates both ends: who sent it aimed at the router.
        ("hairpin: in:bridge out:bridge, connection-state:new,snat,dnat proto TCP (SYN), "
         "192.168.88.5:5000->192.168.88.20:80, NAT (192.168.88.5:5000->192.168.88.1:5000)->"
         "(192.0.2.1:8080->192.168.88.20:80), len 60", {"aimed_port": 8080, "role": ATTEMPT}),
    ],
)  # fmt: skip
def test_what_routers_write_besides(line: str, fields: dict[str, object]) -> None:
    packet = routeros_lines.parse(line)
    assert {name: getattr(packet, name) for name in fields} == fields


@pytest.mark.parametrize("protocol", ["256", "9" * 16, "<b>", "²"])
def test_what_is_no_protocol_is_refused(protocol: str) -> None:
    with pytest.raises(DecodeError):
        routeros_lines.parse(a_line(protocol=protocol))
