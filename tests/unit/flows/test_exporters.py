# SPDX-License-Identifier: MIT
"""Who sends: listed or not, counted apart or together, never more than there is room for."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from appliance.flows.exporters import MOST, MOST_STREAMS, OTHERS, SILENT_S, Exporters
from appliance.flows.records import halves
from appliance.formats.ip import IPV4_MAPPED
from appliance.formats.netflow import V9, FlowHeader
from appliance.udp.sources import key_of
from tests.unit.flows.exporting import ROUTER


def header(domain: int = 0) -> FlowHeader:
    return FlowHeader(V9, 0, 0, 0, domain, 0, 20, 20)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([], True),
        (["192.168.88.1"], True),
        (["::ffff:192.168.88.1"], True),
        (["192.168.88.2"], False),
    ],
)
def test_who_is_listed_may_send(listed: list[str], expected: bool) -> None:
    found = Exporters([ip_address(each) for each in listed]).find(ROUTER)
    assert (found.address, found.listed) == ("192.168.88.1", expected)


def test_each_has_its_address_at_its_number() -> None:
    exporters = Exporters()
    found = exporters.find(key_of(ip_address("10.0.0.1")))
    six = exporters.find(key_of(ip_address("2001:db8::5")))
    assert exporters.halves()[found.number].tolist() == list(halves(ip_address("10.0.0.1")))
    assert exporters.halves()[six.number].tolist() == list(halves(ip_address("2001:db8::5")))


def test_this_machine_may_always_send() -> None:
    exporters = Exporters([ip_address("192.168.88.1")])
    assert exporters.find(IPV4_MAPPED + bytes((127, 0, 0, 1))).listed


def test_forged_addresses_are_counted_together() -> None:
    exporters = Exporters()
    for index in range(3 * MOST):
        found = exporters.find(IPV4_MAPPED + index.to_bytes(4))
        found.last_seen = float(index)
        found.counts.received += 1
        exporters.stream(found, 1, header(), 0.0).sequence.lost = 2
    kept = list(exporters)
    assert len(kept) == MOST + 1 and kept[-1].address == OTHERS
    assert exporters.total().received == 3 * MOST
    assert exporters.total().lost == 6 * MOST
    # Numbers are those of the ones that are counted apart.
    assert len({each.number for each in kept}) == MOST + 1


def test_streams_are_bounded_and_what_they_lost_stays() -> None:
    exporters = Exporters()
    found = exporters.find(ROUTER)
    for domain in range(MOST_STREAMS + 9):
        stream = exporters.stream(found, 1, header(domain), 0.0)
        stream.last_seen, stream.sequence.lost, stream.sequence.restarts = float(domain), 1, 1
    assert exporters.counts(found).lost == exporters.total().restarts == MOST_STREAMS + 9


@pytest.mark.parametrize("named", [True, False])
def test_forged_addresses_drive_out_nobody_that_was_there_before(named: bool) -> None:
    exporters = Exporters([ip_address("192.168.88.1")] if named else [])
    router = exporters.find(ROUTER, 1.0)
    router.last_seen, router.sampling = 1.5, 100
    for number in range(3 * MOST):
        exporters.find(IPV4_MAPPED + number.to_bytes(4), 2.0).last_seen = 2.0
    assert exporters.find(ROUTER, 2.0) is router and router.sampling == 100


def test_made_up_streams_drive_out_none_that_was_there_before() -> None:
    exporters = Exporters()
    router = exporters.find(ROUTER, 1.0)
    known = exporters.stream(router, 1, header(), 1.0)
    known.last_seen = 1.5
    for number in range(3 * MOST_STREAMS):
        other = exporters.find(IPV4_MAPPED + bytes(4), 2.0)
        exporters.stream(other, 1, header(number), 2.0)
    assert exporters.stream(router, 1, header(), 2.0) is known


def test_who_is_silent_for_long_makes_room() -> None:
    exporters = Exporters()
    gone = exporters.find(ROUTER, 1.0)
    gone.last_seen = 1000.0
    for number in range(MOST - 1):
        exporters.find(IPV4_MAPPED + number.to_bytes(4), 1000.0 + SILENT_S)
    newcomer = exporters.find(IPV4_MAPPED + MOST.to_bytes(4), 1001.0 + SILENT_S)
    assert gone not in list(exporters) and newcomer in list(exporters)
