# SPDX-License-Identifier: MIT
"""When flows were, by every field that tells it; times that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.flows import layout, times
from appliance.flows.layout import Columns
from appliance.flows.records import FLOW
from appliance.flows.times import DAY_MS, BootTime, Sending
from appliance.formats.netflow import FlowField, Template
from tests.unit.flows.exporting import NOW_MS, UPTIME_MS

NTP = 2_208_988_800


def columns(**values: int) -> Columns:
    fields = tuple(FlowField(int(name[1:]), 8) for name in values)
    content = b"".join(value.to_bytes(8) for value in values.values())
    return layout.columns(layout.layout(Template(256, fields)), content, 1)


def ends(found: Columns, boot: BootTime | None = None, uptime: int = UPTIME_MS,
         has_uptime: bool = True) -> tuple[int, int]:  # fmt: skip
    sending = Sending(np.array([NOW_MS]), np.array([uptime]), has_uptime)
    first, last = times.times(found, sending, boot or BootTime())
    return int(first[0]) - NOW_MS, int(last[0]) - NOW_MS


@pytest.mark.parametrize(
    "found",
    [
        columns(f22=UPTIME_MS - 5000, f21=UPTIME_MS - 1000),
        columns(f152=NOW_MS - 5000, f153=NOW_MS - 1000),
        columns(f150=NOW_MS // 1000 - 5, f151=NOW_MS // 1000 - 1),
        columns(f154=(NOW_MS // 1000 + NTP - 5) << 32, f155=(NOW_MS // 1000 + NTP - 1) << 32),
        columns(f156=(NOW_MS // 1000 + NTP - 5) << 32, f157=(NOW_MS // 1000 + NTP - 1) << 32),
        columns(f158=5_000_000, f159=1_000_000),
        columns(f153=NOW_MS - 1000, f161=4000),
        columns(f153=NOW_MS - 1000, f162=4_000_000),
    ],
)
def test_every_way_to_tell_a_time(found: Columns) -> None:
    assert ends(found) == (-5000, -1000)


def test_what_tells_no_time_was_when_it_was_exported() -> None:
    assert ends(columns(f1=5)) == (0, 0)
    assert ends(columns(f152=NOW_MS - 7)) == (-7, -7)


def test_the_time_since_the_start_wraps() -> None:
    found = columns(f22=(1 << 32) - 10_000, f21=(1 << 32) - 2_000)
    assert ends(found, uptime=5_000) == (-15_000, -7_000)
    assert ends(columns(f22=UPTIME_MS, f21=UPTIME_MS + 30_000)) == (0, 30_000)


def test_ipfix_learns_when_the_exporter_started() -> None:
    boot = BootTime()
    told = columns(f160=NOW_MS - UPTIME_MS, f22=UPTIME_MS - 5000, f21=UPTIME_MS - 1000)
    assert ends(told, boot, has_uptime=False) == (-5000, -1000)
    later = columns(f22=UPTIME_MS - 3000, f21=UPTIME_MS - 2000)
    assert ends(later, boot, has_uptime=False) == (-3000, -2000)


def test_ipfix_guesses_when_the_exporter_started() -> None:
    """The newest flow cannot have ended later than its datagram."""
    boot = BootTime()
    assert ends(columns(f22=1000, f21=5000), boot, has_uptime=False) == (-4000, 0)
    # An idle one does not make it later.
    assert ends(columns(f22=1000, f21=2000), boot, has_uptime=False) == (-4000, -3000)
    # A start anew does, by as much as only that can.
    boot = BootTime()
    ends(columns(f22=0xFFFFFF00, f21=0xFFFFFF00), boot, has_uptime=False)
    assert ends(columns(f22=500, f21=600), boot, has_uptime=False) == (-100, 0)


def test_a_flow_that_ended_before_it_began_has_no_length() -> None:
    flows = np.zeros(1, FLOW)
    flows["first"], flows["last"] = NOW_MS, NOW_MS - 60_000
    found = times.correct(flows, NOW_MS, np.zeros(1, np.int64))
    assert (found.reversed, found.replaced) == (1, 0)
    assert flows["first"][0] == flows["last"][0] == NOW_MS - 60_000


@pytest.mark.parametrize("last", [0, NOW_MS - 2 * DAY_MS, NOW_MS + 2 * DAY_MS, 1 << 62, -1])
def test_nothing_is_stored_a_day_from_now(last: int) -> None:
    flows = np.zeros(1, FLOW)
    flows["first"], flows["last"] = last - 5, last
    assert times.correct(flows, NOW_MS, np.zeros(1, np.int64)).replaced == 1
    assert (int(flows["first"][0]), int(flows["last"][0])) == (NOW_MS - 5, NOW_MS)


def test_no_flow_lasts_longer_than_a_day() -> None:
    flows = np.zeros(1, FLOW)
    flows["first"], flows["last"] = 0, NOW_MS
    assert times.correct(flows, NOW_MS, np.zeros(1, np.int64)).replaced == 1
    assert int(flows["first"][0]) == NOW_MS - DAY_MS


@pytest.mark.parametrize(("ahead", "moved"), [(60_000, 0), (3_600_000, 3_600_000)])
def test_a_clock_far_off_is_not_believed(ahead: int, moved: int) -> None:
    flows = np.zeros(1, FLOW)
    flows["first"], flows["last"] = NOW_MS + ahead - 5, NOW_MS + ahead
    times.correct(flows, NOW_MS, np.array([ahead]))
    assert int(flows["last"][0]) == NOW_MS + ahead - moved
