# SPDX-License-Identifier: MIT
"""Traffic as a picture, and the same in numbers."""

from __future__ import annotations

from appliance.charts.traffic import HEIGHT, MIDDLE, WIDTH, picture


def test_steps_that_are_equal_are_one() -> None:
    found = picture([0, 10, 10, 5], [0, 0, 0, 0])
    assert found.came == f"M0 {MIDDLE}H120V1H360V{MIDDLE - 24}H{WIDTH}V{MIDDLE}z"
    assert found.went == ""


def test_both_directions_have_one_scale() -> None:
    found = picture([100.0, 0.0], [50.0, 0.0])
    assert found.peak == 100.0
    assert f"V{MIDDLE + 24}" in found.went and f"V{HEIGHT}" not in found.went


def test_numbers_are_of_the_same_values() -> None:
    found = picture([0.0, 4.0, 10.0, 1.0], [0.0, 2.0, 2.0, 0.0], slice(1, 3))
    assert (found.max_in, found.average_in, found.current_in) == (10.0, 7.0, 10.0)
    assert (found.max_out, found.average_out, found.current_out) == (2.0, 2.0, 2.0)


def test_nothing_is_a_line() -> None:
    for values in ([], [0.0, 0.0]):
        found = picture(values, values, slice(0, 0))
        assert (found.came, found.peak, found.average_in) == ("", 0.0, 0.0)
