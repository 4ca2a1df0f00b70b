# SPDX-License-Identifier: MIT
"""Where packets stand in the picture of a day."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.charts.picture_grid import ROWS, row_of
from appliance.logs import owner_days
from appliance.logs.day_grid import LAYERS, DayGrid, keys_of
from appliance.logs.lines.event import TCP, UDP
from appliance.logs.packets_block import SPAN_S
from tests.unit.logs.conftest import BERLIN

DAYS = [owner_days.on(date(2026, *each), BERLIN) for each in ((3, 29), (11, 27), (10, 25))]
PACKETS = st.tuples(
    st.integers(0, SPAN_S - 1), st.sampled_from((TCP, UDP, 1)), st.integers(0, 65535)
)


@pytest.mark.slow
@pytest.mark.parametrize("day", DAYS, ids=str)
@settings(max_examples=25)
@given(st.integers(-2 * SPAN_S, 25 * 3600 + SPAN_S), st.lists(PACKETS, max_size=20))
def test_each_packet_has_the_point_of_its_minute_and_port(
    day: owner_days.OwnerDay, after: int, packets: list[tuple[int, int, int]]
) -> None:
    grid, begin = DayGrid(day), day.begin + after
    seconds, protocols, ports = zip(*packets, strict=True) if packets else ((), (), ())
    grid.fill(begin, seconds, keys_of(protocols, ports))
    for layer in LAYERS:
        points = {
            row_of(port) * day.minutes + (after + second) // 60
            for second, protocol, port in packets
            if protocol == layer and port and begin + second in day
        }
        cells = grid.layer(layer)
        assert len(cells) == ROWS * day.minutes
        assert {found.start() for found in re.finditer(rb"\x01", cells)} == points
