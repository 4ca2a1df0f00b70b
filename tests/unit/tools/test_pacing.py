# SPDX-License-Identifier: MIT
"""Due times against plain arithmetic; waits against a real clock, without asking how exact."""

from __future__ import annotations

import random
import statistics
import threading
import time

import pytest

from appliance.service import Stop
from appliance.tools.pacing import (
    BitRate,
    Histogram,
    OriginalTiming,
    Pace,
    Pacer,
    PacketRate,
)

SECOND = 1_000_000_000


def due_times(pace: Pace, times_us: list[int]) -> list[int]:
    pace.begin()
    return [pace.due_ns(time_us, 100) for time_us in times_us]


def test_original_timing_keeps_the_gaps() -> None:
    assert due_times(OriginalTiming(), [5_000_000, 5_000_001, 6_500_000]) == [
        0,
        1000,
        3 * SECOND // 2,
    ]


def test_original_timing_divides_the_gaps_by_the_multiplier() -> None:
    assert due_times(OriginalTiming(multiplier=4), [0, 1_000_000, 3_000_000]) == [
        0,
        SECOND // 4,
        3 * SECOND // 4,
    ]


def test_original_timing_takes_a_step_back_as_no_gap() -> None:
    assert due_times(OriginalTiming(), [1_000_000, 0, -453_050_320, -453_050_319]) == [
        0,
        0,
        0,
        1000,
    ]


def test_original_timing_shortens_long_gaps_only() -> None:
    pace = OriginalTiming(longest_gap_us=1000)
    assert due_times(pace, [0, 500, 10_000_000, 10_000_700]) == [0, 500_000, 1_500_000, 2_200_000]


def test_original_timing_goes_on_at_once_with_the_next_capture() -> None:
    pace = OriginalTiming()
    assert due_times(pace, [0, 10]) == [0, 10_000]
    assert due_times(pace, [999_000_000, 999_000_005]) == [10_000, 15_000]


@pytest.mark.slow
def test_original_timing_does_not_drift_over_a_million_gaps() -> None:
    pace = OriginalTiming(multiplier=3)
    *_, last = due_times(pace, list(range(0, 7_000_007, 7)))
    assert last == pytest.approx(7_000_000 * 1000 / 3, abs=1000)


def test_packet_rate_spaces_evenly_without_drift() -> None:
    due = due_times(PacketRate(3), [0] * 300_001)
    assert due[:4] == [0, SECOND // 3, 2 * SECOND // 3, SECOND]
    assert due[-1] == 100_000 * SECOND


def test_packet_rate_may_be_less_than_one() -> None:
    assert due_times(PacketRate(0.25), [0, 0]) == [0, 4 * SECOND]


def test_bit_rate_counts_the_bytes_before_each_frame() -> None:
    pace = BitRate(8)
    assert [pace.due_ns(0, length) for length in (1000, 500, 0, 60)] == [
        0,
        1_000_000,
        1_500_000,
        1_500_000,
    ]


def test_histogram_quantiles_are_right_within_a_sixteenth() -> None:
    generator = random.Random(1)
    values = [int(generator.expovariate(1 / 300)) for _ in range(10_000)]
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    percentiles = statistics.quantiles(values, n=100, method="inclusive")
    for percent in (1, 10, 50, 90, 99):
        exact = percentiles[percent - 1]
        assert exact * 15 / 16 - 1 <= histogram.quantile(percent / 100) <= exact + 1
    assert (histogram.count, histogram.largest) == (10_000, max(values))


def test_histogram_of_nothing_has_quantile_zero() -> None:
    assert Histogram().quantile(0.5) == 0


def test_histogram_does_not_grow_with_the_numbers() -> None:
    histogram = Histogram()
    for value in range(0, 200_000_000, 1999):
        histogram.add(value)
    assert len(histogram._counts) < 32 + 16 * 24


def test_pacer_never_lets_a_frame_go_early() -> None:
    pacer = Pacer(PacketRate(2000), Stop())
    start_ns = time.monotonic_ns()
    for number in range(100):
        pacer.wait(0, 100)
        assert time.monotonic_ns() - start_ns >= number * SECOND // 2000


def test_pacer_measures_how_late_each_frame_is() -> None:
    class Overdue(PacketRate):
        def due_ns(self, time_us: int, length: int) -> int:
            return time_us * 1000

    pacer = Pacer(Overdue(1), Stop())
    assert pacer.timing_error is None
    pacer.wait(0, 0)
    pacer.wait(-2_000_000, 0)
    error = pacer.timing_error
    assert error is not None
    assert error.p50 < 2_000_000 <= error.max
    assert error.p99 <= error.max


def test_pacer_ends_a_wait_at_the_stop_and_counts_no_frame() -> None:
    stop = Stop()
    pacer = Pacer(OriginalTiming(), stop)
    pacer.begin()
    pacer.wait(0, 0)
    waiter = threading.Thread(target=pacer.wait, args=(3_000_000_000, 0))
    waiter.start()
    stop.set()
    waiter.join(timeout=60)
    assert not waiter.is_alive()
    assert pacer._late_us.count == 1


@pytest.mark.parametrize("gap_us", [3_000_000_000, 15_000], ids=["long", "short"])
def test_pacer_counts_no_frame_that_was_due_after_the_stop(gap_us: int) -> None:
    stop = Stop()
    pacer = Pacer(OriginalTiming(), stop)
    pacer.begin()
    pacer.wait(0, 0)
    stop.set()
    pacer.wait(gap_us, 0)
    assert pacer._late_us.count == 1


@pytest.mark.parametrize(
    ("multiplier", "gap_us"),
    [(1.0, (1 << 63) - 1), (1e-12, 700_000), (5e-324, 1), (1.0, 3_600_000_001), (1e-300, 1 << 62)],
)
def test_original_timing_does_not_wait_for_a_gap_beyond_reason(
    multiplier: float, gap_us: int
) -> None:
    said: list[str] = []
    pace = OriginalTiming(multiplier, say=said.append)
    assert [pace.due_ns(time_us, 60) for time_us in (0, gap_us, gap_us, 0)] == [0] * 4
    assert len(said) == 1
    assert "not waited for" in said[0]


def test_original_timing_waits_as_long_as_it_is_told() -> None:
    said: list[str] = []
    pace = OriginalTiming(1.0, 7_200_000_000, said.append)
    assert [pace.due_ns(time_us, 60) for time_us in (0, 1 << 62)] == [0, 7_200_000_000_000]
    assert not said
