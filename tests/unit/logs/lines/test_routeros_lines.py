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
