# SPDX-License-Identifier: MIT
"""What a board has room for."""

from __future__ import annotations

import pytest

from appliance.renewal.board_room import (
    FEWEST,
    MOST,
    PROFILES,
    is_live,
    memory_for,
    rank,
    rules_for,
    trial_memory,
)

MB = 1 << 20


@pytest.mark.parametrize("engine", ["snort", "suricata"])
def test_more_memory_is_room_for_more_rules(engine: str) -> None:
    rooms = [rules_for(size * MB, engine) for size in (128, 512, 1024, 4096, 1 << 20)]
    assert rooms == sorted(rooms) and rooms[0] == FEWEST and rooms[-1] == MOST
    assert rooms[1] < rooms[2]
    smaller = [rules_for(1024 * MB, engine, each) for each in PROFILES]
    assert smaller == sorted(smaller, reverse=True) and len(set(smaller)) == len(PROFILES)


def test_an_engine_may_have_less_than_half() -> None:
    assert memory_for(1024 * MB) < 512 * MB


def test_a_trial_has_room_beside_the_engine_that_runs() -> None:
    assert trial_memory(1024 * MB, None) == trial_memory(1024 * MB, 900 * MB)
    assert trial_memory(1024 * MB, 100 * MB) == 90 * MB


def test_malware_comes_before_games() -> None:
    names = ["emerging-games.rules", "emerging-scan.rules", "emerging-malware.rules"]
    assert sorted(names, key=rank) == names[::-1]


@pytest.mark.parametrize(
    ("total", "available", "wanted", "live"),
    [(480, 200, 135, True), (480, 180, 135, False), (480, 110, 54, True), (975, 300, 216, False),
     (3800, 2500, 1700, True)],
)  # fmt: skip
def test_a_second_generation_beside_the_first(
    total: int, available: int, wanted: int, live: bool
) -> None:
    assert is_live(total << 20, available << 20, wanted << 20) is live
