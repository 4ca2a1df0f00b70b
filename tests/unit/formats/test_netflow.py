# SPDX-License-Identifier: MIT
"""Headers, sets and templates of flows, whole and damaged."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats import netflow
from appliance.formats.netflow import FlowField, Template, UnsupportedVersion
from tests.unit.flows.exporting import (
    NOW_MS,
    UPTIME_MS,
    flow_set,
    ipfix,
    template,
    v5,
    v5_record,
    v9,
)


def read_templates(datagram: bytes) -> list[Template]:
    head = netflow.header(datagram)
    return [
        found
        for each in netflow.sets(datagram, head)
        if netflow.is_templates(head.version, each[0])
        for found in netflow.templates(datagram, head.version, each)
    ]


def test_headers_tell_the_time_and_who_it_is() -> None:
    found = netflow.header(v9(sequence=7, domain=9))
    assert found == (9, UPTIME_MS, NOW_MS, 7, 9, 0, 20, 20)
    assert netflow.header(ipfix(flow_set(2, template()), sequence=3)) == (
        10, 0, NOW_MS, 3, 0, 0, 16, 60,
    )  # fmt: skip
    found = netflow.header(v5(v5_record(), sequence=5, sampling=0x4000 | 10))
    assert (found.sequence, found.sampling, found.end - found.body) == (5, 10, 48)


@pytest.mark.parametrize("length", range(24))
@pytest.mark.parametrize("made", [v5(v5_record()), v9(), ipfix()])
def test_a_header_that_is_cut_off_is_refused(made: bytes, length: int) -> None:
    if length < {5: 24, 9: 20, 10: 16}[made[1]]:
        with pytest.raises(DecodeError):
            netflow.header(made[:length])


def test_other_versions_are_told_apart() -> None:
    with pytest.raises(UnsupportedVersion):
        netflow.header(b"\0\1" + bytes(60))


def test_version_5_must_hold_what_it_tells() -> None:
    with pytest.raises(DecodeError):
        netflow.header(v5(v5_record())[:-1])
    # What follows belongs to nobody.
    assert netflow.header(v5(v5_record()) + bytes(500)).end == 72


def test_ipfix_must_have_the_length_that_it_tells() -> None:
    whole = ipfix(flow_set(2, template()))
    with pytest.raises(DecodeError):
        netflow.header(whole[:-1])
    assert netflow.header(whole + b"more").end == len(whole)


@pytest.mark.parametrize("length", [0, 3, 500])
def test_a_set_that_lies_ends_the_datagram(length: int) -> None:
    datagram = v9(flow_set(256, b"abcd")) + struct.pack("!HH", 300, length) + bytes(8)
    head = netflow.header(datagram)
    found = netflow.sets(datagram, head)
    assert next(found) == (256, 24, 28)
    with pytest.raises(DecodeError):
        next(found)


def test_zeros_at_the_end_are_no_set() -> None:
    datagram = v9(flow_set(256, b"abcd")) + bytes(4)
    assert len(list(netflow.sets(datagram, netflow.header(datagram)))) == 1


def test_templates_of_version_9() -> None:
    (found,) = read_templates(v9(flow_set(0, template(300, ((8, 4), (1, 8))))))
    assert found == Template(300, (FlowField(8, 4), FlowField(1, 8)))


def test_options_of_version_9_tell_lengths_in_bytes() -> None:
    content = struct.pack("!HHHHHHHHH", 301, 4, 8, 1, 4, 34, 4, 35, 1) + bytes(2)
    (found,) = read_templates(v9(flow_set(1, content)))
    assert found == Template(301, (FlowField(1, 4), FlowField(34, 4), FlowField(35, 1)), True, 1)


def test_ipfix_names_who_gave_a_number_and_withdraws() -> None:
    content = struct.pack("!HHHHIHH", 300, 2, 0x8000 | 57, 4, 2636, 1, 8)
    content += struct.pack("!HH", 301, 0)
    assert read_templates(ipfix(flow_set(2, content))) == [
        Template(300, (FlowField(57, 4, 2636), FlowField(1, 8))),
        Template(301, ()),
    ]
    content = struct.pack("!HHHHHHH", 302, 2, 1, 149, 4, 34, 4)
    (found,) = read_templates(ipfix(flow_set(3, content)))
    assert found.is_options and found.scopes == 1


@pytest.mark.parametrize(
    "content",
    [
        template(300, ()),
        template(300, ((8, 0),)),
        template(255),
        template(300)[:-1],
        struct.pack("!HH", 300, 60000) + bytes(900),
        struct.pack("!HHHH", 300, 513, 8, 4) * 300,
    ],
)
def test_templates_that_lead_nowhere_are_refused(content: bytes) -> None:
    with pytest.raises(DecodeError):
        read_templates(v9(flow_set(0, content)))


@given(st.binary(max_size=300), st.sampled_from([b"\0\5", b"\0\x09", b"\0\x0a", b""]))
def test_any_bytes_decode_or_are_refused(content: bytes, start: bytes) -> None:
    try:
        read_templates(start + content)
    except DecodeError:
        pass
    except KeyError:
        # Version 5 has no sets.
        assert start == b"\0\5" or content.startswith(b"\0\5")
