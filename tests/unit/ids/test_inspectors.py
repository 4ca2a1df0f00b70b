# SPDX-License-Identifier: MIT
"""How many inspectors there are, and that each pair of addresses has one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.ids import inspectors, marker
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.ids import IdsConfig

THREE = Config(ids=IdsConfig(engine="suricata", inspectors="3"))


@pytest.mark.parametrize(
    ("cores", "memory_kb", "count"),
    [
        (1, 8_000_000, 1),
        (4, 440_000, 1),
        (4, 930_000, 2),
        (4, 3_900_000, 4),
        (2, 24_000_000, 2),
        (64, 64_000_000, inspectors.MOST),
    ],
)
def test_automatic_asks_cores_and_memory(cores: int, memory_kb: int, count: int) -> None:
    assert inspectors.automatic(cores, memory_kb) == count


def test_wanted_is_what_the_owner_says_where_the_engine_can() -> None:
    assert inspectors.wanted(THREE) == 3
    assert inspectors.wanted(replace(THREE, ids=replace(THREE.ids, engine="snort"))) == 1
    # With a colon and a number behind it, this is no name of an interface any more.
    assert inspectors.wanted(replace(THREE, capture=CaptureConfig(interface="a" * 14))) == 1


def test_wanted_is_automatic_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(inspectors, "memory_kb", lambda: 8_000_000)
    assert inspectors.wanted(Config(ids=IdsConfig(engine="suricata"))) == 3


def test_one_inspector_filters_nothing_and_has_the_interfaces_name() -> None:
    assert inspectors.filters(1) == [""]
    assert inspectors.name("tzsp0", 0, 1) == "tzsp0"


def test_both_directions_have_one_inspector_and_many_pairs_all() -> None:
    hosts = [f"198.51.100.{number}" for number in range(200)]
    for count in (2, 3, 6):
        there = [inspectors.number("10.0.0.1", host, count) for host in hosts]
        assert there == [inspectors.number(host, "10.0.0.1", count) for host in hosts]
        fair = len(hosts) / count
        assert all(0.5 * fair < there.count(each) < 1.6 * fair for each in range(count))


def test_each_inspector_has_a_marker() -> None:
    assert marker.destination(0, 1) == marker.DESTINATION
    for count in range(2, inspectors.MOST + 1):
        places = [marker.destination(number, count) for number in range(count)]
        found = [inspectors.number(marker.SOURCE, place, count) for place in places]
        assert found == list(range(count))
