# SPDX-License-Identifier: MIT
"""When to ask, and for how long a port counts as taken."""

from __future__ import annotations

from ipaddress import IPv4Address

from appliance.dhcp.watch import Phase, Server, Timing, Watch

TIMING = Timing()
SERVER = Server(IPv4Address("192.168.88.1"), b"\2\0\0\0\0\1", "it offered 192.168.88.9")


def questions(watch: Watch, start: float, end: float) -> tuple[Watch, list[float]]:
    """Return the times at which the watch asks, looked at each tenth of a second."""
    asked = []
    for tenth in range(round(start * 10), round(end * 10)):
        watch = watch.advance(tenth / 10)
        if watch.is_question_due(tenth / 10):
            watch = watch.ask(tenth / 10)
            asked.append(tenth / 10)
    return watch, asked


def test_watch_looks_before_it_calls_a_port_free() -> None:
    watch = Watch(TIMING, began=100.0)
    assert watch.phase(100.0 + TIMING.window - 0.01) is Phase.LOOKING
    assert watch.phase(100.0 + TIMING.window) is Phase.FREE


def test_watch_waits_for_a_server_that_takes_three_seconds_even_for_its_last_question() -> None:
    assert TIMING.questions[-1] + 3.0 < TIMING.window


def test_watch_asks_some_times_in_a_look_and_then_now_and_then() -> None:
    _, asked = questions(Watch(TIMING, began=0.0), 0.0, 200.0)
    assert asked[:3] == [0.0, 0.7, 1.4]
    assert len(asked) == 3 + 3


def test_watch_asks_when_a_client_asks_but_not_for_each() -> None:
    watch, _ = questions(Watch(TIMING, began=0.0), 0.0, 10.0)
    for second in range(10, 20):
        for _ in range(100):
            watch = watch.want()
        watch, asked = questions(watch, second, second + 1)
        assert len(asked) == 1


def test_watch_is_taken_once_a_server_was_heard_and_asks_no_more() -> None:
    watch = Watch(TIMING, began=0.0).hear(SERVER, 0.2)
    assert watch.phase(0.2) is Phase.TAKEN
    assert questions(watch.want(), 0.2, 0.2 + TIMING.pause)[1] == []


def test_watch_looks_again_after_a_pause_and_finds_the_port_free() -> None:
    watch = Watch(TIMING, began=0.0).hear(SERVER, 0.2)
    watch, asked = questions(watch, 1.0, 40.0)
    assert len(asked) == 3
    assert watch.phase(40.0) is Phase.FREE


def test_watch_looks_ever_more_rarely_while_a_server_stays() -> None:
    watch, now, pauses = Watch(TIMING, began=0.0), 0.0, []
    for _ in range(8):
        watch = watch.hear(SERVER, now).hear(SERVER, now + 0.01)
        pauses.append(watch.pause)
        now = watch.heard + watch.pause
        watch = watch.advance(now)
        assert watch.phase(now) is Phase.LOOKING
    assert pauses[:3] == [20.0, 40.0, 80.0]
    assert pauses[-1] == TIMING.longest_pause


def test_watch_begins_with_the_shortest_pause_when_a_server_comes_back() -> None:
    watch = Watch(TIMING, began=0.0).hear(SERVER, 0.0).hear(SERVER, 1.0)
    watch, _ = questions(watch, 1.0, 60.0)
    assert watch.phase(60.0) is Phase.FREE
    assert watch.hear(SERVER, 60.0).pause == TIMING.pause


def test_watch_goes_on_where_the_run_before_it_was() -> None:
    watch = Watch(TIMING, began=50.0).resume(SERVER, heard=49.0, pause=20.0)
    assert watch.phase(50.0) is Phase.TAKEN
    assert watch.advance(69.0).phase(69.0) is Phase.LOOKING


def test_hastened_keeps_the_proportions() -> None:
    quick = TIMING.hastened(10)
    assert quick.window == TIMING.window / 10
    assert quick.questions == tuple(each / 10 for each in TIMING.questions)


def test_jittered_is_never_quicker_and_a_little_longer_at_most() -> None:
    assert TIMING.jittered(0.0) == TIMING
    late = TIMING.jittered(1.0)
    assert late.questions == TIMING.questions
    # Whoever had to be silent looks again, and serves, within 30 s.
    assert TIMING.window < late.window < late.pause + late.window < 30.0


def test_watch_that_is_called_asks_once_more_and_no_sooner_than_a_second_later() -> None:
    for start in (2.0, 10.0):
        watch, _ = questions(Watch(TIMING, began=0.0), 0.0, start)
        for _ in range(100):
            watch = watch.call()
        watch, asked = questions(watch, start, start + 2.0)
        assert len(asked) == 1, start
        assert asked[0] >= 1.4 + TIMING.spacing


def test_watch_that_is_called_while_another_serves_is_silent() -> None:
    watch = Watch(TIMING, began=0.0).hear(SERVER, 0.2).call()
    assert questions(watch, 0.2, 19.0)[1] == []


def test_watch_keeps_what_a_server_said_itself() -> None:
    heard_of = Server(SERVER.address, b"", "somebody takes an address from it")
    watch = Watch(TIMING, began=0.0).hear(SERVER, 0.0).hear(heard_of, 1.0)
    assert (watch.server, watch.heard) == (SERVER, 1.0)
    other = Server(IPv4Address("192.168.88.2"), b"", "")
    assert watch.hear(other, 2.0).server == other
    assert Watch(TIMING, began=0.0).hear(heard_of, 0.0).hear(SERVER, 1.0).server == SERVER


def test_server_words() -> None:
    assert SERVER.words == "192.168.88.1 (02:00:00:00:00:01)"
    assert Server(IPv4Address("10.0.0.1"), b"", "").words == "10.0.0.1"
    assert "without" in Server(IPv4Address(0), SERVER.station, "").words
