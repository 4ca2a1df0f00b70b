# SPDX-License-Identifier: MIT
"""Every line of the kernel with known fields, and those of a real honeypot's firewall."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import DecodeError
from appliance.logs.lines import netfilter_lines
from appliance.logs.lines.event import ANSWER, ATTEMPT, PASSED
from tests.unit.logs.conftest import known_lines
from tests.unit.logs.known_fields import differing

LINE = (
    "Nov 27 14:33:48 fw kernel: [ 4340.097247] {prefix} IN={inside} OUT= MAC= SRC=198.51.100.7 "
    "DST=192.0.2.10 LEN=60 TOS=0x00 PREC=0x00 TTL=44 ID=26245 DF PROTO=TCP SPT=56388 DPT=22 "
    "WINDOW=64240 RES=0x00 {flags} URGP=0 "
)


def test_every_known_line(shared_data: Path) -> None:
    lines = list(known_lines(shared_data, "kernel"))
    assert len(lines) == 4
    for each in lines:
        assert differing(netfilter_lines.parse(each["line"]), each["expect"]) == {}, each["why"]


def test_lines_of_a_honeypot_are_read(shared_data: Path) -> None:
    text = (shared_data / "logs/honeypot/ssh-2023-11-30/firewall__dshield.log").read_text()
    found = [netfilter_lines.parse(line) for line in text.splitlines()]
    assert len(found) >= 9
    assert {packet.before for packet in found} == {"DSHIELDINPUT"}
    assert found[0].source == "204.76.203.13" and found[0].port == 22


@pytest.mark.parametrize(
    ("prefix", "inside", "flags", "role"),
    [("DROP", "eth0", "SYN", ATTEMPT), ("DROP", "eth0", "ACK SYN", ANSWER),
     ("DROP", "eth0", "ACK RST", ANSWER), ("[UFW ALLOW]", "eth0", "SYN", PASSED),
     ("DROP", "", "SYN", PASSED), ("DROP", "eth0", "", ATTEMPT)],
)  # fmt: skip
def test_roles(prefix: str, inside: str, flags: str, role: str) -> None:
    line = LINE.format(prefix=prefix, inside=inside, flags=flags)
    assert netfilter_lines.parse(line).role == role


@pytest.mark.parametrize(
    "damage",
    [("SRC=198", "SRC=398"), ("PROTO=", "PROTI="), ("LEN=60 ", ""), ("DPT=22", "DPT=70000")],
)
def test_damaged_lines_are_refused(damage: tuple[str, str]) -> None:
    line = LINE.format(prefix="DROP", inside="eth0", flags="SYN").replace(*damage)
    with pytest.raises(DecodeError):
        netfilter_lines.parse(line)


def test_a_packet_cut_short_has_no_ports() -> None:
    line = LINE.format(prefix="DROP", inside="eth0", flags="SYN").partition("SPT=")[0]
    assert netfilter_lines.parse(line + "INCOMPLETE [8 bytes] ").port is None
