# SPDX-License-Identifier: MIT
"""Fields by SiLK's names and numbers."""

from __future__ import annotations

import pytest

from appliance.errors import InputError
from appliance.questions.fields import FIELDS, field_of, fields_of
from tests.unit.questions.kept import unhurried


def test_names_and_numbers_are_silks() -> None:
    names = ["sip", "dip", "sport", "dport", "proto", "packets", "bytes", "flags", "stime"]
    assert [each.name for each in fields_of("1-9")] == names
    assert [each.name for each in fields_of("SIP, 4 ,protocol,type")] == [
        "sip", "dport", "proto", "type",
    ]  # fmt: skip
    assert field_of("21") is FIELDS["type"] and fields_of("sip,1") == (FIELDS["sip"],)
    assert [each.name for each in fields_of("9-14")] == ["stime", "duration", "etime", "in", "out"]


@pytest.mark.parametrize("text", ["", "sip,", "src; DROP", "99", "0", "x" * 999, "1-2-3"])
def test_what_is_no_field(text: str) -> None:
    with pytest.raises(InputError, match="no field"):
        fields_of(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("protocol", "port", "said"),
    [(6, 443, "TCP 443"), (17, 53, "UDP 53"), (1, 0, "ICMP"), (58, 0, "ICMPv6"),
     (47, 0, "protocol 47")],
)  # fmt: skip
def test_services_are_said_in_words(protocol: int, port: int, said: str) -> None:
    with unhurried([]) as engine:
        found = engine.ask(f"SELECT {FIELDS['service'].shown.format(protocol, port)}")
    assert found.rows == ((said,),)
