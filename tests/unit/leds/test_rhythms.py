# SPDX-License-Identifier: MIT
from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from appliance.leds.rhythms import CELL, RHYTHMS, Rhythm, drawing, short_flashes, table
from appliance.reports.states import State

# The eye tells durations apart that differ by half; below that it is guessing.
TELLABLE = 1.5
PAIRS = [(first, second) for first, second in combinations(RHYTHMS, 2)]


def durations(rhythm: Rhythm) -> list[int]:
    return [duration for flash in rhythm.flashes for duration in flash]


def look_alike(first: list[int], second: list[int]) -> bool:
    if len(first) != len(second):
        return False
    return all(max(pair) < TELLABLE * min(pair) for pair in zip(first, second, strict=True))


def test_each_state_has_a_rhythm() -> None:
    assert set(RHYTHMS) == set(State)


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=lambda state: state.value)
def test_rhythms_differ_wherever_one_starts_and_with_either_polarity(
    first: State, second: State
) -> None:
    ours, theirs = durations(RHYTHMS[first]), durations(RHYTHMS[second])
    # Turning by one duration swaps lit and dark: that is the inverted LED.
    turned = [theirs[shift:] + theirs[:shift] for shift in range(len(theirs))]
    assert not any(look_alike(ours, other) for other in turned)


@pytest.mark.parametrize("state", RHYTHMS)
def test_rhythm_is_written_in_its_shortest_form(state: State) -> None:
    flashes = RHYTHMS[state].flashes
    assert all(
        flashes != flashes[:part] * (len(flashes) // part) for part in range(1, len(flashes))
    )


@pytest.mark.parametrize("state", RHYTHMS)
def test_rhythm_has_at_most_three_flashes_in_a_second(state: State) -> None:
    rhythm = RHYTHMS[state]
    starts, clock = [], 0
    while clock < 2 * rhythm.period + 2000:
        for lit, dark in rhythm.flashes:
            starts.append(clock)
            clock += lit + dark
    assert all(later - earlier >= 1000 for earlier, later in zip(starts, starts[3:], strict=False))


@pytest.mark.parametrize("state", RHYTHMS)
def test_rhythm_is_never_steady_for_long(state: State) -> None:
    assert all(0 < duration <= 3000 for duration in durations(RHYTHMS[state]))
    assert all(duration % CELL == 0 for duration in durations(RHYTHMS[state]))


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        (0, (True, 200)), (199, (True, 1)), (200, (False, 400)), (599, (False, 1)),
        (600, (True, 200)), (800, (False, 2000)), (2799, (False, 1)), (2800, (True, 200)),
        (28_000_000 + 700, (True, 100)),
    ],
)  # fmt: skip
def test_at_follows_the_flashes(milliseconds: int, expected: tuple[bool, int]) -> None:
    assert short_flashes(2).at(milliseconds) == expected


@pytest.mark.parametrize("state", RHYTHMS)
def test_at_walks_edge_by_edge_through_the_whole_rhythm(state: State) -> None:
    rhythm, clock, seen = RHYTHMS[state], 0, []
    for _ in durations(rhythm):
        lit, lasts = rhythm.at(clock)
        seen.append((lit, lasts))
        clock += lasts
    assert [lasts for _, lasts in seen] == durations(rhythm)
    assert all(earlier[0] != later[0] for earlier, later in pairwise(seen))
    assert clock == rhythm.period


def test_drawing_shows_durations_to_scale() -> None:
    assert drawing(Rhythm(((200, 400), (1000, 600))), cells=13) == "█__█████___█_"


def test_drawings_differ_and_show_a_whole_period() -> None:
    drawings = [drawn for _, drawn, _ in table()]
    assert len(set(drawings)) == len(State)
    for rhythm, drawn in zip(RHYTHMS.values(), drawings, strict=True):
        assert len(drawn) * CELL >= rhythm.period
