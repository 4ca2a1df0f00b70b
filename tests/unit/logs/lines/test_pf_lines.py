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
