# SPDX-License-Identifier: MIT
from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from appliance.host.links import Interface
from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.reports.supervisor import Stage
from appliance.supervisor import streamchecks, units
from appliance.supervisor.history import History
from appliance.supervisor.observations import NotKnownError, Settings, Unknown
from tests.unit.supervisor.looks import NOW, TZSP0, history, look, received, receiver


@pytest.mark.parametrize(
    ("interface", "level", "remedy", "state"),
    [
        (TZSP0, Level.OK, None, None),
        (Interface("tzsp0", present=False), Level.FAIL, units.INTERFACES, State.ENGINE_DOWN),
        (replace(TZSP0, up=False), Level.FAIL, units.INTERFACES, State.ENGINE_DOWN),
        (replace(TZSP0, kind="bridge"), Level.WARN, None, None),
        (replace(TZSP0, mtu=1500), Level.WARN, None, None),
    ],
    ids=["well", "missing", "down", "a bridge", "small MTU"],
)
def test_interface_wants_a_dummy_that_is_up(
    interface: Interface, level: Level, remedy: str | None, state: State | None
) -> None:
    result = streamchecks.interface(history(look(interface=interface)))
    assert (result.level, result.remedy, result.state) == (level, remedy, state)


def test_interface_is_unknown_where_nobody_could_look() -> None:
    with pytest.raises(NotKnownError, match="no such thing"):
        streamchecks.interface(history(look(interface=Unknown("no such thing"))))


def test_address_wants_none() -> None:
    assert streamchecks.address(history(look())).level is Level.OK
    result = streamchecks.address(history(look(addresses=("192.0.2.7",))))
    assert result.level is Level.WARN
    assert "192.0.2.7" in result.words


@pytest.mark.parametrize(
    ("updates", "level"),
    [
        ([(0, NOW), (12, NOW + 12)], Level.OK),
        ([(0, NOW), (12, NOW)], Level.FAIL),
        ([(0, NOW), (4, NOW)], Level.OK),
        ([(0, NOW), (12, NOW - 9e6)], Level.OK),
    ],
    ids=["fresh", "stale", "too early to tell", "the clock was set back"],
)
def test_reports_wants_new_figures(updates: list[tuple[float, float]], level: Level) -> None:
    looks = [look(at, receiver=receiver(updated=updated)) for at, updated in updates]
    result = streamchecks.reports(history(*looks))
    assert result.level is level
    assert (result.remedy == units.RECEIVER) is (level is Level.FAIL)


def test_stream_tells_rate_and_senders() -> None:
    before = look(0, receiver=received(seen=NOW, sent=1000))
    now = look(10, receiver=received(seen=NOW + 10, sent=13_000))
    result = streamchecks.stream(history(before, now))
    assert result.state is State.SEEING
    assert result.words == "1,200 frames a second arrive from 192.0.2.1."


@pytest.mark.parametrize(
    ("outcomes", "seen", "words"),
    [
        ({}, 0, "No router streams"),
        ({"keepalive": 5}, 0, "keepalives only"),
        ({"malformed": 5}, 0, "none holds a frame"),
        ({"sent": 5}, 180, "stopped 3 min ago"),
    ],
    ids=["nothing", "keepalives", "rubbish", "stopped"],
)
def test_stream_says_why_nothing_arrives(outcomes: dict[str, Any], seen: float, words: str) -> None:
    found = received(seen=NOW - seen, **outcomes)
    result = streamchecks.stream(history(look(0, receiver=found), look(10, receiver=found)))
    assert (result.level, result.state) == (Level.WARN, State.WAITING)
    assert words in result.words
    assert "streaming-server=192.0.2.7:37008" in result.advice


@pytest.mark.parametrize(
    ("home", "level", "words"),
    [
        (("2001:db8::7", "192.0.2.7"), Level.OK, "is at 192.0.2.7."),
        (("2001:db8::7",), Level.WARN, "no IPv4 address"),
        ((), Level.WARN, "no IPv4 address"),
    ],
)
def test_network_wants_an_address_for_the_router(
    home: tuple[str, ...], level: Level, words: str
) -> None:
    now = look(home=tuple(map(ip_address, home)))
    result = streamchecks.network(history(now))
    assert result.level is level
    assert words in result.words


@pytest.mark.parametrize("home", [(), Unknown("test")])
def test_stream_gives_advice_without_knowing_the_address(home: object) -> None:
    result = streamchecks.stream(history(look(home=home)))
    assert "streaming-server=THE-ADDRESS-OF-THIS-MACHINE:37008" in result.advice


def test_stream_of_the_first_look_goes_by_the_last_frame() -> None:
    result = streamchecks.stream(history(look(0, receiver=received(seen=NOW - 2, sent=5))))
    assert (result.level, result.state) == (Level.OK, State.SEEING)


def listing(*addresses: str) -> Settings:
    return Settings("snort", tuple(map(ip_address, addresses)), ())


def test_routers_is_nothing_where_none_are_listed() -> None:
    assert streamchecks.routers(history(look())) is None


def test_routers_names_each_that_is_silent_and_since_when() -> None:
    settings = listing("192.0.2.1", "192.0.2.2", "2001:db8::1")
    now = look(100, receiver=received(seen=NOW, sent=5), settings=settings)
    result = streamchecks.routers(history(now))
    assert result is not None and result.level is Level.WARN
    assert "192.0.2.1 last streamed 1 min ago" in result.words
    assert "192.0.2.2 has not streamed yet" in result.words
    assert "2001:db8::1 has not streamed yet" in result.words


def test_routers_is_well_where_all_stream() -> None:
    now = look(receiver=received("2001:db8::1", sent=5), settings=listing("2001:db8:0::1"))
    result = streamchecks.routers(history(now))
    assert result is not None and result.level is Level.OK


def test_routers_says_what_it_means_that_none_is_listed_once_one_streams() -> None:
    settings = listing()
    result = streamchecks.routers(
        history(
            look(0, receiver=received("192.0.2.9", sent=1), settings=settings),
            look(5, receiver=received("192.0.2.9", sent=90), settings=settings),
        )
    )
    assert result is not None and result.level is Level.OK
    assert 'routers = ["192.0.2.9"]' in result.words


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "other"])
def test_routers_takes_no_self_test_for_a_router(address: str) -> None:
    settings = listing()
    looks = (
        look(0, receiver=received(address, sent=1), settings=settings),
        look(5, receiver=received(address, sent=2), settings=settings),
    )
    assert streamchecks.routers(history(*looks)) is None


def test_routers_names_who_streams_while_a_listed_one_is_silent() -> None:
    settings = listing("192.0.2.1")
    result = streamchecks.routers(
        history(
            look(0, receiver=received("192.0.2.9", unlisted_source=7), settings=settings),
            look(61, receiver=received("192.0.2.9", unlisted_source=9), settings=settings),
        )
    )
    assert result is not None and result.level is Level.WARN
    assert "192.0.2.1 has not streamed yet, while 192.0.2.9 streams" in result.words


def within(outcome: str, before: int, now: int) -> History:
    return history(
        look(0, receiver=received("192.0.2.9", sent=1, **{outcome: before})),
        look(61, receiver=received("192.0.2.9", sent=1, **{outcome: now})),
    )


def test_strangers_names_who_streams_without_being_listed() -> None:
    assert streamchecks.strangers(within("unlisted_source", 7, 7)).level is Level.OK
    result = streamchecks.strangers(within("unlisted_source", 7, 9))
    assert result.level is Level.WARN
    assert "192.0.2.9" in result.words


def test_feedback_counts_the_echo_and_says_how_to_end_it() -> None:
    assert streamchecks.feedback(within("feedback", 7, 7)).level is Level.OK
    result = streamchecks.feedback(within("feedback", 7, 1207))
    assert result.level is Level.WARN
    assert "1,200 datagrams" in result.words
    assert "filter-stream=yes" in result.advice


@pytest.mark.parametrize("check", [streamchecks.strangers, streamchecks.feedback])
def test_strangers_and_feedback_of_long_ago_are_no_news_at_the_first_look(check) -> None:  # type: ignore[no-untyped-def]
    now = look(receiver=received(sent=1, unlisted_source=9, feedback=9))
    assert check(history(now)).level is Level.OK


@pytest.mark.parametrize(
    ("lost", "level", "state"),
    [
        (0, Level.OK, None),
        (9, Level.OK, None),
        (10, Level.WARN, State.LOSING),
        (999, Level.WARN, State.LOSING),
        (1000, Level.FAIL, State.LOSING),
    ],
    ids=["none", "tolerable", "a thousandth", "much", "a tenth"],
)
def test_loss_is_judged_by_its_share(lost: int, level: Level, state: State | None) -> None:
    before = look(0, receiver=receiver())
    now = look(
        60, receiver=receiver(tally=received(sent=10_000 - lost).tally, socket_overflow=lost)
    )
    result = streamchecks.loss(history(before, now), Stage.SOCKET)
    assert result is not None
    assert (result.level, result.state) == (level, state)
    assert (f"{lost:,} of 10,000" in result.words) is (lost > 0)


def test_loss_is_forgotten_after_a_minute() -> None:
    lossy = receiver(tally=received(sent=10).tally, socket_overflow=10)
    looks = [look(0), *(look(at, receiver=lossy) for at in (2, 30, 62))]
    at_once, later = history(*looks[:2]), history(*looks)
    assert streamchecks.loss(at_once, Stage.SOCKET).level is Level.FAIL  # type: ignore[union-attr]
    assert streamchecks.loss(later, Stage.SOCKET).level is Level.OK  # type: ignore[union-attr]


def test_loss_of_a_stage_that_nobody_knows_is_nothing() -> None:
    assert streamchecks.loss(history(look(receiver=Unknown("test"))), Stage.SOCKET) is None


def test_stream_without_an_engine_is_captured() -> None:
    flowing = [
        look(at, receiver=receiver(tally=received(sent=100 * at).tally), listening=None)
        for at in range(0, 12, 2)
    ]
    result = streamchecks.stream(history(*flowing))
    assert (result.level, result.state) == (Level.OK, State.CAPTURING)
