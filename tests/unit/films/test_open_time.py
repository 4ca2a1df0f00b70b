# SPDX-License-Identifier: MIT
"""For how long MEDIA may be written."""

from __future__ import annotations

from appliance.films.open_time import LULL_S, OPEN_S, Window


def test_window_is_an_hour_where_nothing_is_written() -> None:
    window = Window.opened(100.0, written=7)
    assert window.seen(100.0 + OPEN_S - 1, written=7).left(100.0 + OPEN_S - 1) == 1.0
    assert window.left(100.0 + OPEN_S) == 0.0
    assert window.left(100.0 + 2 * OPEN_S) == 0.0


def test_writing_does_not_shorten_the_hour() -> None:
    assert Window.opened(0.0, 0).seen(10.0, 8).left(10.0) == OPEN_S - 10.0


def test_writing_moves_the_end_for_as_long_as_it_goes_on() -> None:
    window, now = Window.opened(0.0, 0), 0.0
    for written in range(1, 200):
        now += 60.0
        window = window.seen(now, written)
    assert now > 2 * OPEN_S
    assert window.left(now) == LULL_S
    # The same count again: nothing was written since.
    assert window.seen(now + LULL_S, 199).left(now + LULL_S) == 0.0
