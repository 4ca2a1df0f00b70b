# SPDX-License-Identifier: MIT
"""What follows from the facts for each part."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from appliance.reports.levels import Level
from appliance.reports.supervisor import Rates
from appliance.web.facts import PARTS, Facts
from tests.web.reports import a_check, a_health, a_report

NOW = 1_795_165_983.0  # 2026-11-20T09:13:03Z
FACTS = Facts(
    now=NOW,
    health=a_health(NOW),
    is_supervised=True,
    report=a_report(NOW),
    interface="tzsp0",
    engine="snort",
    addresses=(),
    port=37008,
)


def found(*checks: tuple[str, Level]) -> Facts:
    """Return the facts where only these checks were made."""
    made = tuple(a_check(name, "So it is.", level) for name, level in checks)
    return replace(FACTS, health=a_health(NOW, checks=made))


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ((), []),
        (("2001:db8::1",), []),
        (("2001:db8::1", "192.0.2.2", "192.0.2.3"), ["192.0.2.2:37008", "192.0.2.3:37008"]),
    ],
)
def test_targets_are_the_ipv4_addresses(addresses: tuple[str, ...], expected: list[str]) -> None:
    assert replace(FACTS, addresses=tuple(map(ip_address, addresses))).targets == expected


def test_parts_of_a_sensor_in_full_health() -> None:
    assert FACTS.parts == {part: word for part, (word, _) in PARTS.items()}
    assert FACTS.watching
    assert replace(FACTS, engine="none").parts["engine"] == "none"


def test_parts_of_which_nothing_is_known() -> None:
    assert set(found().parts.values()) == {"unknown"}
    assert not found().watching


@pytest.mark.parametrize(
    ("engine", "inspection", "word"),
    [
        (Level.OK, Level.FAIL, "fail"),
        (Level.FAIL, Level.OK, "fail"),
        (Level.UNKNOWN, Level.OK, "unknown"),
        # Just after a start that the engine listens is known, and that it inspects is not.
        (Level.OK, Level.UNKNOWN, "listening"),
    ],
)
def test_parts_are_as_good_as_their_checks(engine: Level, inspection: Level, word: str) -> None:
    assert found(("engine", engine), ("inspection", inspection)).parts["engine"] == word


def test_rates_are_the_supervisors() -> None:
    assert FACTS.source_rate("192.0.2.1") == 1234.4
    assert FACTS.source_rate("192.0.2.2") == 0.0
    assert replace(FACTS, health=a_health(NOW, rates=Rates())).source_rate("192.0.2.1") is None


def test_waiting_is_for_frames_alone() -> None:
    waiting = found(("stream", Level.WARN))
    assert waiting.is_waiting
    assert not FACTS.is_waiting
    assert not replace(waiting, report=a_report(NOW - 60)).is_waiting
    assert not replace(waiting, report=None).is_waiting
