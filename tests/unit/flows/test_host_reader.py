# SPDX-License-Identifier: MIT
"""What the pages ask of the store."""

from __future__ import annotations

import contextlib
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.flows import host_reader, periods
from appliance.flows.host_reader import NOBODY, HostReader, Sum
from appliance.flows.host_store import HostStore
from appliance.flows.records import halves
from appliance.flows.schema import DATABASE, Detail, Grain
from appliance.store.database import StoreError
from tests.web.flows import HOSTS, PEERS, taken

NOW = 1_790_000_000.0


@pytest.fixture
def reader(tmp_path: Path) -> HostReader:
    with contextlib.closing(HostStore(tmp_path / DATABASE.name)) as store:
        store.add(taken(NOW), NOW)
    return HostReader(tmp_path / DATABASE.name)


def test_hosts_have_the_sums_of_their_days(reader: HostReader) -> None:
    found = reader.hosts(0, int(NOW) + 86_400)
    assert {str(each) for each in found} == {*HOSTS, str(NOBODY)}
    cells = [figures for (_, host), figures in taken(NOW).cells.items() if host == 1]
    expected = Sum(sum(each[0] for each in cells), sum(each[1] for each in cells))
    assert found[ip_address(HOSTS[0])] == expected
    today = reader.hosts(periods.day(NOW), int(NOW) + 86_400)
    assert 0 < today[ip_address(HOSTS[0])].both < expected.both


def test_all_together_are_the_sum_of_each(reader: HostReader) -> None:
    together = reader.series(None, Grain.HOUR, 0, int(NOW) + 1)
    each = [reader.series(ip_address(host), Grain.HOUR, 0, int(NOW) + 1) for host in HOSTS]
    apart = sum(host_reader.total(points).both for points in each)
    assert host_reader.total(together).both == apart + 120_000


def test_the_greatest_peers_come_first(reader: HostReader) -> None:
    found = reader.details(ip_address(HOSTS[0]), Detail.PEERS, periods.day(NOW))
    assert [each[:2] for each in found] == [halves(ip_address(peer)) for peer in PEERS]
    assert [str(host_reader.address_of_halves(*each[:2])) for each in found] == [*PEERS]
    assert reader.details(ip_address("10.9.9.9"), Detail.PEERS, 0) == []


def test_nobody_knows_a_host_that_was_never_seen(reader: HostReader) -> None:
    assert reader.series(ip_address("10.9.9.9"), Grain.STEP, 0, int(NOW)) == []


def test_how_far_back_it_reaches(reader: HostReader) -> None:
    oldest, newest = min(taken(NOW).cells)[0], max(taken(NOW).cells)[0]
    assert reader.reach(Grain.STEP) == (oldest * 300, newest * 300)


def test_without_a_store_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not there yet"):
        HostReader(tmp_path / "none.db").hosts(0, 1)
