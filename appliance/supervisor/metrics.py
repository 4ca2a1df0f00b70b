# SPDX-License-Identifier: MIT
"""What /metrics tells of health: state, checks, where packets get lost, and the self-test."""

from __future__ import annotations

import time
from collections.abc import Iterator

from appliance.area import Places
from appliance.formats.exposition import Family, by_label, counter, gauge
from appliance.reports.levels import Level
from appliance.reports.selftest import SelfTestReport
from appliance.reports.states import State
from appliance.reports.supervisor import Health, Stage


def families(places: Places) -> Iterator[Family]:
    """Yield what the supervisor says, where that is of now."""
    health = Health.read(places.runtime)
    if health is not None and health.is_fresh(time.time()):
        yield from _of_health(health)


def selftest(places: Places) -> Iterator[Family]:
    """Yield how the newest self-test went, once there was one."""
    found = SelfTestReport.read(places.runtime)
    if found is not None:
        yield from _of_selftest(found)


def _of_health(health: Health) -> Iterator[Family]:
    states = {state.value: int(state is health.state) for state in State}
    yield Family(
        "glovebox_state", "gauge", "1 for the state of the sensor.", by_label(states, "state")
    )
    severities = {check.name: check.level.severity for check in health.checks}
    yield Family(
        "glovebox_check_level",
        "gauge",
        "What each check found: " + ", ".join(f"{each.severity} {each}" for each in Level),
        by_label(severities, "check"),
    )
    known = [row for row in health.ledger if row.count is not None and row.lost is not None]
    packets = {row.stage.value: row.count or 0 for row in known}
    lost = {row.stage.value: row.lost or 0 for row in known}
    yield Family(
        "glovebox_ledger_packets_total",
        "counter",
        "Packets that came in.",
        by_label(packets, "stage"),
    )
    yield Family(
        "glovebox_ledger_lost_packets_total",
        "counter",
        "Packets lost there.",
        by_label(lost, "stage"),
    )
    yield counter(
        "glovebox_engine_packets_total",
        "Frames meant for the engine.",
        packets.get(Stage.ENGINE.value),
    )
    yield counter(
        "glovebox_engine_lost_packets_total",
        "Those of them that passed it uninspected.",
        lost.get(Stage.ENGINE.value),
    )


def _of_selftest(selftest: SelfTestReport) -> Iterator[Family]:
    yield gauge("glovebox_selftest_passed", "Whether the newest passed.", int(selftest.passed))
    yield gauge("glovebox_selftest_timestamp_seconds", "When it ended.", selftest.time)
    yield Family(
        "glovebox_selftest_duration_seconds",
        "gauge",
        "From its start until the marker had passed a stage.",
        by_label(selftest.seconds, "station"),
    )
