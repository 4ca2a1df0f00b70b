# SPDX-License-Identifier: MIT
"""Records as columns: lengths, doubles, addresses, ICMP, sampling, lengths that vary."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
import pytest

from appliance.flows import layout
from appliance.flows.layout import Columns, interval
from appliance.flows.records import Flows, Ints, address
from appliance.formats.netflow import VARIABLE, FlowField, Template


def no_times(found: Columns) -> tuple[Ints, Ints]:
    return np.zeros(found.count, np.int64), np.zeros(found.count, np.int64)


def flows(*fields: tuple[int, int], records: list[list[int]]) -> Flows:
    template = Template(256, tuple(FlowField(*each) for each in fields))
    content = b"".join(
        value.to_bytes(length)
        for each in records
        for value, (_, length) in zip(each, fields, strict=True)
    )
    return layout.flows(layout.columns(layout.layout(template), content, len(records)), no_times)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 8, 12])
def test_a_number_may_have_any_length(length: int) -> None:
    found = flows((4, 1), (1, length), (2, 2), records=[[6, 200, 3], [17, 255, 4]])
    assert found["bytes"].tolist() == [200, 255]
    assert found["packets"].tolist() == [3, 4]


def test_nothing_is_counted_twice() -> None:
    assert flows((1, 4), (85, 8), (23, 4), records=[[5, 900, 7]])["bytes"].tolist() == [5]
    assert flows((85, 8), (23, 4), records=[[900, 7]])["bytes"].tolist() == [900]
    # The first of two fields with one number.
    assert flows((1, 4), (1, 4), records=[[5, 6]])["bytes"].tolist() == [5]


def test_both_families_may_stand_in_one_template() -> None:
    six = int(ip_address("2001:db8::9"))
    found = flows((8, 4), (27, 16), records=[[0, six], [0x0A000001, 0], [0, 0]])
    sources = [address(each["src_hi"], each["src_lo"]) for each in found]
    assert sources == [ip_address("2001:db8::9"), ip_address("10.0.0.1"), ip_address("::")]


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        (((4, 1), (32, 2)), [1, 0x0303]),
        (((4, 1), (176, 1), (177, 1)), [1, 3, 3]),
        (((4, 1), (139, 2)), [58, 0x0303]),
        (((4, 1), (178, 1), (179, 1)), [58, 3, 3]),
    ],
)
def test_type_and_code_of_icmp_stand_in_the_place_of_the_port(
    fields: tuple[tuple[int, int], ...], values: list[int]
) -> None:
    assert flows(*fields, records=[values])["dport"].tolist() == [0x0303]


@pytest.mark.parametrize(
    ("told", "meant"), [(1, 1), (0, 0), (0x01000000, 1), (0x64000000, 100), (0xFFFFFFFF, 0)]
)
def test_sampling_is_read_the_way_round_that_makes_sense(told: int, meant: int) -> None:
    assert interval(told) == meant
    assert flows((34, 4), records=[[told]])["sampling"].tolist() == [meant]


def test_options_tell_the_sampling() -> None:
    template = Template(257, (FlowField(149, 4), FlowField(34, 4)), True, 1)
    (record,) = layout.options(template, bytes(4) + (30000).to_bytes(4))
    assert layout.sampling(record) == 30000
    assert layout.sampling({305: 1, 306: 99}) == 100
    assert layout.sampling({305: 10}) == 10 and layout.sampling({}) == 0


def test_records_may_tell_their_own_lengths() -> None:
    fields = (FlowField(8, 4), FlowField(82, VARIABLE), FlowField(1, VARIABLE), FlowField(9, 3, 1))
    template = Template(256, fields)
    one = bytes((10, 0, 0, 1)) + b"\x04eth0" + b"\x02\x01\x00" + b"xyz"
    two = bytes((10, 0, 0, 2)) + b"\xff\x01\x00" + bytes(256) + b"\x00" + b"xyz"
    found = layout.flows(layout.varied(layout.layout(template), one + two + b"\x0a"), no_times)
    assert found["bytes"].tolist() == [256, 0]
    assert [int(each) & 0xFF for each in found["src_lo"]] == [1, 2]
