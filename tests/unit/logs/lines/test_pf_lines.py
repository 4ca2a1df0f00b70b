# SPDX-License-Identifier: MIT
"""Every line of pf with known fields, and its other forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import DecodeError
from appliance.logs.lines import pf_lines
from appliance.logs.lines.event import ANSWER, ATTEMPT, PASSED
from tests.unit.logs.conftest import known_lines
from tests.unit.logs.known_fields import differing

SIX = (
    '<134>1 2026-11-27T14:33:48+01:00 fw filterlog 123 - [meta sequenceId="1"] 5,,,1,igb0,match,'
    "block,in,6,0x00,0x00000,57,tcp,6,40,2001:db8:bad::7,2001:db8:1::10,40000,3389,0,{flags},1"
)


def test_every_known_line(shared_data: Path) -> None:
    lines = list(known_lines(shared_data, "pf"))
    assert len(lines) == 2
    for each in lines:
        assert differing(pf_lines.parse(each["line"]), each["expect"]) == {}, each["why"]


def test_what_was_let_through_is_no_attempt(shared_data: Path) -> None:
    roles = [pf_lines.parse(each["line"]).role for each in known_lines(shared_data, "pf")]
    assert roles == [ATTEMPT, PASSED]


@pytest.mark.parametrize(("flags", "role"), [("S", ATTEMPT), ("SA", ANSWER), ("R", ANSWER)])
def test_opnsense_and_ipv6(flags: str, role: str) -> None:
    packet = pf_lines.parse(SIX.format(flags=flags))
    assert (packet.source, packet.port, packet.length) == ("2001:db8:bad::7", 3389, 40)
    assert packet.role == role


@pytest.mark.parametrize("places", range(0, 19))
def test_lines_cut_off_are_refused(places: int) -> None:
    with pytest.raises(DecodeError):
        pf_lines.parse(",".join(SIX.split(",")[:places]))


FOUR = "4,,,1000000103,igb0,match,block,in,4,0x0,,64,1,"
ENDS = "198.51.100.7,192.0.2.10,"


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        (f"{FOUR}0,none,6,tcp,40,{ENDS}51234,3389,0,S,123456,,1024,,mss;nop;wscale",
         {"port": 3389, "role": ATTEMPT}),
        (f"{FOUR}0,none,1,icmp,84,{ENDS}request,1234,5664", {"port": None, "role": ATTEMPT}),
        (f"{FOUR}0,none,1,icmp,84,{ENDS}datalength=64", {"number": 1, "role": ATTEMPT}),
        (f"{FOUR}0,none,1,icmp,56,{ENDS}unreachport,192.0.2.9,17,53", {"role": ANSWER}),
        (f"{FOUR}185,none,17,udp,1500,{ENDS}", {"port": None, "role": ATTEMPT}),
        (f"{FOUR}0,DF,2,igmp,32,{ENDS}datalength=8", {"number": 2}),
        (f"{FOUR}0,none,112,carp,56,{ENDS}advertise,255,1,2,1,0", {"number": 112}),
        ("4,,,1,igb0,match,block,in,6,0x00,0x00000,255,ICMPv6,58,32,fe80::1,ff02::1,",
         {"number": 58, "source": "fe80::1", "role": ATTEMPT}),
    ],
)  # fmt: skip
def test_what_pf_writes_besides(values: str, fields: dict[str, object]) -> None:
    for head in ("filterlog[1]: ", "filterlog: ", "fw filterlog 60000 - - ",
                 'fw filterlog 60000 - [meta sequenceId="9"] '):  # fmt: skip
        line = f"<134>Nov 27 14:33:48 {head}{values}"
        assert pf_lines.is_one(line)
        packet = pf_lines.parse(line)
        assert {name: getattr(packet, name) for name in fields} == fields


def test_a_word_of_somebody_is_no_filterlog() -> None:
    assert not pf_lines.is_one("sshd[12]: Invalid user filterlog from 198.51.100.7 port 22")
    with pytest.raises(DecodeError):
        pf_lines.parse(f"sshd[12]: Invalid user filterlog: {FOUR}0,none,17,udp from 192.0.2.1")
    with pytest.raises(DecodeError):
        pf_lines.parse(f"filterlog: {FOUR}0,none,999,²,32,{ENDS}")
