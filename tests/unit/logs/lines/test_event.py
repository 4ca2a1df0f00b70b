# SPDX-License-Identifier: MIT
"""Addresses, ports and roles of packets."""

from __future__ import annotations

import pytest

from appliance.errors import DecodeError
from appliance.logs.lines import event
from appliance.logs.lines.event import LoggedPacket


@pytest.mark.parametrize(
    ("text", "usual"),
    [("192.0.2.1", "192.0.2.1"), ("2001:0DB8:0::0001", "2001:db8::1"), ("::1", "::1"),
     ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:c000:201", "192.0.2.1"),
     ("::c000:201", "::192.0.2.1")],
)  # fmt: skip
def test_addresses_have_one_form(text: str, usual: str) -> None:
    assert event.address(text) == usual
    assert event.unpacked(event.packed(usual)) == usual


@pytest.mark.parametrize(
    "text", ["", "198.51.100.300", "1.2.3", "010.1.1.1", "a:b", "::1%eth0", "1\0"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        event.address(text)


@pytest.mark.parametrize("text", ["", "-1", "65536", "٣", "1e3", "000001"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        event.port(text)
    assert event.port("65535") == 65535


def test_protocols_have_numbers() -> None:
    packet = LoggedPacket("TCP", "192.0.2.1", 1, "192.0.2.2", 2)
    assert packet.number == event.TCP
    assert packet._replace(protocol="47").number == 47
    assert packet._replace(protocol="GRE").number == 47
    assert packet._replace(protocol="NEWEST").number == 255


@pytest.mark.parametrize(
    ("text", "name"),
    [("tcp", "TCP"), ("ICMPv6", "ICMPV6"), ("0", "0"), ("255", "255"), ("ipsec-esp", "IPSEC-ESP")],
)
def test_a_protocol_is_a_name_or_a_number(text: str, name: str) -> None:
    assert event.protocol(text) == name


@pytest.mark.parametrize("text", ["", "256", "9" * 16, "²", "٣", "a b", "<b>", "x" * 17])
def test_what_is_no_protocol_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        event.protocol(text)


def test_the_port_aimed_at_is_that_before_a_translation() -> None:
    packet = LoggedPacket("TCP", "192.0.2.1", 1, "192.0.2.2", 80)
    assert packet.aimed_port == 80
    assert packet._replace(aimed=("192.0.2.9", 8080)).aimed_port == 8080


@pytest.mark.parametrize(
    ("flags", "role"),
    [("", event.ATTEMPT), ("SYN", event.ATTEMPT), ("SYN,ECE,CWR", event.ATTEMPT),
     ("SYN,ACK", event.ANSWER), ("RST", event.ANSWER), ("ACK", event.ANSWER)],
)  # fmt: skip
def test_who_begins_is_told_by_flags(flags: str, role: str) -> None:
    assert event.role_of("TCP", flags) == role
    assert event.role_of("UDP", flags) == event.ATTEMPT


@pytest.mark.parametrize(
    ("kind", "detail", "role"),
    [("ICMP", "type 8, code 0", event.ATTEMPT), ("ICMP", "type 0, code 0", event.ANSWER),
     ("ICMP", "type 3, code 13", event.ANSWER), ("ICMP", "type 30, code 0", event.ATTEMPT),
     ("ICMPV6", "type 128, code 0", event.ATTEMPT), ("ICMPV6", "type 129, code 0", event.ANSWER),
     ("ICMPV6", "type 1, code 4", event.ANSWER), ("ICMP", "", event.ATTEMPT),
     ("47", "type 0, code 0", event.ATTEMPT)],
)  # fmt: skip
def test_an_answer_or_error_of_icmp_is_no_attempt(kind: str, detail: str, role: str) -> None:
    assert event.role_of(kind, detail) == role
