# SPDX-License-Identifier: MIT
"""Datagrams to flows: real captures, oddities of exporters, and an account of everything."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.flows.collector import MOST_AT_ONCE
from appliance.flows.exporters import Exporters, FlowTally
from appliance.udp.sources import address_of, key_of
from tests.pcapfile import parse_pcap
from tests.unit.flows.exporting import (
    NOW_MS,
    ROUTER,
    UPTIME_MS,
    USUAL,
    Receiving,
    flow_set,
    ipfix,
    record,
    template,
    v5,
    v5_record,
    v9,
)

LOGSTASH = "netflow/logstash"
# Files in the order in which they are sent; records, bytes and packets. What stands in
# `expected.json` beside them, and where decoders differ, what the reference says is right.
CAPTURES = {
    "v5 of MikroTik": (["netflow5_test_microtik.dat"], (30, 40812, 160)),
    "v5 with more behind it": (["netflow5.dat"], (2, 534, 9)),
    "v5 that lies": (["netflow5_test_invalid01.dat"], (0, 0, 0)),
    "v9 of softflowd": (["netflow9_test_softflowd_tpl_data.dat"], (7, 1128, 13)),
    "v9 of H3C": (
        ["netflow9_test_h3c_tpl3281.dat", "netflow9_test_h3c_data3281.dat"], (16, 8729687, 6113),
    ),
    "v9 of an EdgeRouter": (
        ["netflow9_test_ubnt_edgerouter_tpl.dat", "netflow9_test_ubnt_edgerouter_data1024.dat",
         "netflow9_test_ubnt_edgerouter_data1025.dat"], (16, 20418, 114),
    ),
    "v9 of FortiGate": (
        ["netflow9_test_fortigate_fortios_521_tpl.dat",
         "netflow9_test_fortigate_fortios_521_data256.dat",
         "netflow9_test_fortigate_fortios_521_data257.dat"], (1, 152, 3),
    ),
    "v9 of Cisco's WLC, without addresses": (
        ["netflow9_test_cisco_wlc_tpl.dat", "netflow9_test_cisco_wlc_data261.dat"],
        (19, 142991108, 133708),
    ),
    "the same, the template last": (
        ["netflow9_test_cisco_wlc_data261.dat", "netflow9_test_cisco_wlc_tpl.dat"],
        (19, 142991108, 133708),
    ),
    "IPFIX": (["ipfix.dat"], (6, 10563, 42)),
    "IPFIX of Barracuda": (
        ["ipfix_test_barracuda_tpl.dat", "ipfix_test_barracuda_data256.dat"], (8, 388, 4),
    ),
    "IPFIX of Nokia, lengths that vary": (
        ["ipfix_test_nokia_bras_tpl.dat", "ipfix_test_nokia_bras_data256.dat"], (1, 0, 0),
    ),
    "IPFIX of OpenBSD": (
        ["ipfix_test_openbsd_pflow_tpl.dat", "ipfix_test_openbsd_pflow_data.dat"], (26, 99323, 209),
    ),
}  # fmt: skip
# Captures, and how many records they hold, of how many bytes.
PCAPS = {
    "akvorado/nfv5.pcap": (29, None),
    # Data before its template, in one datagram.
    "akvorado/data+templates.pcap": (21, 58329),
    "pmacct/100-IPFIXv10-CISCO/traffic-00.pcap": (12, 34172),
    "pmacct/101-NFv9-CISCO-cust_primitives/traffic-00.pcap": (51, 4500),
    "ndpi/netflow-fritz.pcap": (0, 0),
}
# The account of each case: begin, end (seconds from when it came), packets, bytes, port; lost.
USUAL_FLOW = (-5.0, -1.0, 10, 1000, 443)
BY_BOOT = (-4.0, 0.0, 10, 1000, 443)
QUIRKS = {
    "v5 uptime wrapped": ([(-15.0, -3.0, 10, 1000, 443)], 0),
    "v5 first after last": ([(-61.0, -61.0, 10, 1000, 443)], 0),
    "v5 gap of 100 records": ([USUAL_FLOW] * 2, 100),
    "v5 duplicate datagram": ([USUAL_FLOW], 0),
    "v9 last in the future (RouterOS)": ([(-1.0, 30.0, 10, 1000, 443)], 0),
    "v9 sampling 1 little-endian in record": ([USUAL_FLOW], 0),
    "v9 template changed, same id": ([USUAL_FLOW] * 2, 0),
    "v9 gap of 100 datagrams": ([USUAL_FLOW] * 2, 100),
    "v9 reordered": ([USUAL_FLOW] * 4, 0),
    "v9 absurd counters": ([], 0),
    "v9 icmp 32 = 8/0": ([(-5.0, -1.0, 1, 84, 0x0303)], 0),
    "ipfix icmp 176 177 = 3/3 (RouterOS)": ([(-5.0, -1.0, 1, 84, 0x0303)], 0),
    "v9 header count 1 with template and data": ([USUAL_FLOW], 0),
    "ipfix 3-byte counters": ([USUAL_FLOW], 0),
    "ipfix uptime without systemInitTime": ([BY_BOOT], 0),
    "ipfix template withdrawn, then data": ([BY_BOOT], 0),
    "ipfix sequence counts records": ([BY_BOOT] * 4, 0),
}


def exported_ms(datagram: bytes) -> int:
    """Return when a datagram says that it left."""
    return int.from_bytes(datagram[4:8] if datagram[1] == 10 else datagram[8:12]) * 1000


def sums(receiving: Receiving, datagrams: list[bytes]) -> tuple[int, int, int]:
    found = [receiving.take(each, arrival=exported_ms(each)) for each in datagrams]
    return (
        sum(map(len, found)),
        sum(int(each["bytes"].sum()) for each in found),
        sum(int(each["packets"].sum()) for each in found),
    )


def accounted(receiving: Receiving) -> FlowTally:
    """Return what was counted; everything that came in came to one end."""
    collector = receiving.collector
    total = collector.exporters.total()
    assert total.received == (
        total.decoded + total.malformed + total.unsupported + total.unlisted + total.again
    )
    assert total.records == total.kept + total.absurd
    waiting = collector.waiting
    assert waiting.came == waiting.decoded + waiting.expired + len(waiting) <= collector.sets
    return total


@pytest.mark.parametrize("name", CAPTURES)
def test_real_datagrams(shared_data: Path, name: str) -> None:
    files, expected = CAPTURES[name]
    receiving = Receiving()
    datagrams = [(shared_data / LOGSTASH / each).read_bytes() for each in files]
    assert sums(receiving, datagrams) == expected
    accounted(receiving)


@pytest.mark.parametrize("name", PCAPS)
def test_real_captures(shared_data: Path, name: str) -> None:
    datagrams = payloads(shared_data / "netflow" / name)
    receiving = Receiving()
    count, octets, _ = sums(receiving, datagrams)
    assert (count, octets) == (PCAPS[name][0], PCAPS[name][1] or octets)
    assert accounted(receiving).malformed == 0


def payloads(file: Path) -> list[bytes]:
    """Return the UDP payloads of a capture of Ethernet and IPv4."""
    _, packets = parse_pcap(file.read_bytes())
    found = []
    for _, frame, _ in packets:
        at = 14 + (frame[14] & 0x0F) * 4 + 8
        length = int.from_bytes(frame[at - 4 : at - 2]) - 8
        found.append(frame[at : at + length])
    return found


def test_data_that_came_before_its_template(shared_data: Path) -> None:
    folder = shared_data / "netflow/akvorado"
    receiving = Receiving()
    assert len(receiving.take(*payloads(folder / "data.pcap"))) == 0
    assert len(receiving.collector.waiting) > 0
    (told,) = payloads(folder / "template.pcap")
    found = receiving.take(told, arrival=exported_ms(told))
    assert (len(found), int(found["bytes"].sum())) == (4, 5848)
    for name in ("options-template.pcap", "options-data.pcap"):
        receiving.take(*payloads(folder / name))
    assert [each.sampling for each in receiving.collector.exporters] == [30_000]
    accounted(receiving)


@pytest.mark.parametrize("name", QUIRKS)
def test_oddities(shared_data: Path, name: str) -> None:
    values = json.loads((shared_data / "flows/quirks.json").read_text())
    arrival = values["received"] * 1000
    receiving = Receiving()
    found = receiving.take(*map(bytes.fromhex, values["cases"][name]), arrival=arrival)
    flows = [
        ((int(each["first"]) - arrival) / 1000, (int(each["last"]) - arrival) / 1000,
         int(each["packets"]), int(each["bytes"]), int(each["dport"]))
        for each in found
    ]  # fmt: skip
    assert (flows, accounted(receiving).lost) == QUIRKS[name]


def test_what_came_with_its_template_is_decoded_wherever_that_stands() -> None:
    receiving = Receiving()
    data, told = flow_set(256, record() * 2), flow_set(0, template())
    assert len(receiving.take(v9(data, told))) == 2
    assert receiving.collector.waiting.came == 0


def test_what_waited_keeps_its_own_time() -> None:
    receiving = Receiving()
    receiving.take(v9(flow_set(256, record()), uptime=UPTIME_MS))
    later = v9(flow_set(0, template()), sequence=1, uptime=UPTIME_MS + 600_000)
    (found,) = receiving.take(later, arrival=NOW_MS + 600_000)
    assert int(found["last"]) == NOW_MS - 1000
    assert accounted(receiving).kept == 1


def test_each_exporter_port_and_domain_has_templates_of_its_own() -> None:
    receiving = Receiving()
    receiving.take(v9(flow_set(0, template())))
    receiving.take(v9(flow_set(256, record()), sequence=1), port=5001)
    receiving.take(v9(flow_set(256, record()), domain=7))
    receiving.take(v9(flow_set(256, record())), key=key_of(address_of(bytes(15) + b"\x09")))
    assert receiving.flows == [] and len(receiving.collector.waiting) == 3
    assert len(receiving.take(v9(flow_set(256, record()), sequence=1))) == 1


def test_a_template_that_changes_holds_from_there_on() -> None:
    receiving = Receiving()
    wide = tuple((number, length * 2 if number == 1 else length) for number, length in USUAL)
    found = receiving.take(
        v9(flow_set(0, template()), flow_set(256, record(f1=500))),
        v9(flow_set(0, template(256, wide)), flow_set(256, record(wide, f1=600)), sequence=1),
    )
    assert found["bytes"].tolist() == [500, 600]


def test_who_is_not_listed_is_counted_and_not_read() -> None:
    receiving = Receiving(Exporters([address_of(bytes(15) + b"\x09")]))
    assert len(receiving.take(v5(v5_record()), v5(v5_record()))) == 0
    total = accounted(receiving)
    assert (total.received, total.unlisted, total.records) == (2, 2, 0)


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (b"", "malformed"),
        (b"\0\x09", "malformed"),
        (b"\0\1" + bytes(40), "unsupported"),
        (b"\0\7" + bytes(40), "unsupported"),
        (v9(struct.pack("!HH", 256, 2)), "malformed"),
        (v9(flow_set(0, template(255))), "malformed"),
        (v9(), "decoded"),
        (v5(), "decoded"),
    ],
)
def test_each_datagram_comes_to_one_end(made: bytes, outcome: str) -> None:
    receiving = Receiving()
    receiving.take(made)
    assert getattr(accounted(receiving), outcome) == 1


def test_what_stands_before_the_damage_counts() -> None:
    receiving = Receiving()
    broken = struct.pack("!HH", 257, 900)
    found = receiving.take(v9(flow_set(0, template()), flow_set(256, record()), broken))
    assert len(found) == 1 and accounted(receiving).malformed == 1


def test_sampling_stands_beside_what_was_counted() -> None:
    receiving = Receiving()
    assert receiving.take(v5(v5_record(), sampling=10))["sampling"].tolist() == [10]
    options = struct.pack("!HHHHHHH", 300, 4, 4, 1, 4, 34, 4)
    told = flow_set(300, bytes(4) + (100).to_bytes(4))
    found = receiving.take(
        v9(flow_set(1, options), told, flow_set(0, template()), flow_set(256, record()))
    )
    assert (found["sampling"].tolist(), found["bytes"].tolist()) == ([100], [1000])
    assert accounted(receiving).option_records == 1


def test_a_clock_that_was_not_set_takes_the_exporters_time() -> None:
    receiving = Receiving()
    (found,) = receiving.take(v5(v5_record()), arrival=5_000)
    assert int(found["last"]) == NOW_MS - 1000


def test_a_router_with_a_wrong_clock_is_told_and_put_right() -> None:
    receiving = Receiving()
    (found,) = receiving.take(v5(v5_record()), arrival=NOW_MS + 7_200_000)
    assert int(found["last"]) == NOW_MS + 7_200_000 - 1000
    assert receiving.collector.exporters.find(ROUTER).skew_ms == -7_200_000


@pytest.mark.slow
def test_small_records_by_the_thousand_take_bounded_memory() -> None:
    receiving = Receiving()
    receiving.take(v9(flow_set(0, template(256, ((4, 1), (8, 4))))))
    assert accounted(receiving).malformed == 1
    receiving.take(v9(flow_set(0, template(256, ((4, 4), (8, 4)))), sequence=1))
    full = [v9(flow_set(256, bytes(60_000)), sequence=2 + n) for n in range(8)]
    assert len(receiving.take(*full)) == 60_000 > MOST_AT_ONCE
    accounted(receiving)


@pytest.mark.slow
def test_10_000_templates_and_the_router_still_has_its_own() -> None:
    receiving = Receiving()
    receiving.take(v9(flow_set(0, template())))
    other = key_of(address_of(bytes(15) + b"\x09"))
    for number in range(10_000):
        fields = ((8, 4), (1, 4 + number % 8))
        receiving.take(
            v9(flow_set(0, template(256 + number % 500, fields)), domain=number // 500,
               sequence=number), key=other,
        )  # fmt: skip
    assert receiving.collector.templates.evicted > 0
    accounted(receiving)
    # The router's is among the oldest; its next one, a minute later, brings back what waits.
    receiving.take(v9(flow_set(256, record()), sequence=1))
    receiving.take(v9(flow_set(0, template()), sequence=2))
    assert len(receiving.flows) == 1


DATAGRAMS = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=120).map(lambda content: v9(flow_set(0, content))),
    st.binary(max_size=120).map(lambda content: ipfix(flow_set(2, content))),
    st.binary(max_size=120).map(lambda content: ipfix(flow_set(3, content))),
    st.binary(max_size=120).map(lambda content: v9(flow_set(256, content))),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 20)), min_size=1, max_size=12).map(
        lambda fields: v9(flow_set(0, template(256, fields)), flow_set(256, bytes(range(200))))
    ),
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from([1, 8, 16, 0xFFFF])), min_size=1, max_size=9
    ).map(lambda fields: ipfix(flow_set(2, template(256, fields)), flow_set(256, bytes(150)))),
)


@given(st.lists(DATAGRAMS, max_size=8), st.integers(0, 1 << 42))
def test_any_datagrams_are_accounted_for(datagrams: list[bytes], arrival: int) -> None:
    receiving = Receiving()
    found = receiving.take(*datagrams, arrival=arrival)
    total = accounted(receiving)
    assert (total.received, total.kept) == (len(datagrams), len(found))
    assert (found["first"] <= found["last"]).all()
