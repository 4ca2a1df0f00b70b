# SPDX-License-Identifier: MIT
"""Rows of ports."""

from __future__ import annotations

from appliance.charts.picture_grid import LAST_PORT, ROWS, row_of


def test_the_last_port_is_at_the_top_and_the_first_at_the_bottom() -> None:
    assert row_of(LAST_PORT) == 0 and row_of(1) == ROWS - 1


def test_rows_go_down_with_the_ports() -> None:
    rows = [row_of(port) for port in range(1, LAST_PORT + 1)]
    assert rows == sorted(rows, reverse=True)
    # Those that people know by number stand apart.
    assert len({row_of(port) for port in (21, 22, 23, 25, 53, 80, 110, 143, 443, 8080)}) == 10
