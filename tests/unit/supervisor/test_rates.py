# SPDX-License-Identifier: MIT
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appliance.reports.outcomes import Outcome
from appliance.reports.receiver import ReceiverReport, Sender
from appliance.reports.supervisor import Rates
from appliance.supervisor.observations import Observations, Unknown
from appliance.supervisor.rates import WINDOW_S, grown, rates
from tests.unit.supervisor.looks import history, look, received, receiver, tally

SECONDS = range(0, 22, 2)


def streaming(**per_second: int) -> list[Observations]:
    """Return looks of 20 seconds at one sender, with so many outcomes a second."""

    def counted(at: int) -> dict[str, Any]:
        return {name: at * rate for name, rate in per_second.items()}

    return [look(at, receiver=received(**counted(at))) for at in SECONDS]


def test_rates_are_means_of_the_window() -> None:
    looks = streaming(sent=100, malformed=3, keepalive=1)
    assert rates(history(*looks)) == Rates(100.0, {"192.0.2.1": 100.0}, {"malformed": 3.0})


def test_rates_forget_what_was_before_the_window() -> None:
    last = looks_end = streaming(sent=100)[-1]
    later = replace(looks_end, boottime=last.boottime + WINDOW_S)
    assert rates(history(*streaming(sent=100), later)) == Rates(0.0)


def test_rates_of_a_short_history_are_of_what_there_is() -> None:
    assert rates(history(*streaming(sent=50)[:2])).frames == 50.0


@pytest.mark.parametrize(
    "looks",
    [
        [look(0)],
        [look(0), look(2, receiver=Unknown("nothing"))],
        [look(0, receiver=Unknown("nothing")), look(2, receiver=received(sent=1000))],
    ],
    ids=["one look", "none now", "none before"],
)
def test_rates_are_not_known_without_two_reports(looks: list[Observations]) -> None:
    assert rates(history(*looks)) == Rates()


def test_rates_of_a_receiver_that_counts_anew_are_never_negative() -> None:
    looks = [look(0, receiver=received(sent=1000)), look(10, receiver=received(sent=20))]
    assert rates(history(*looks)) == Rates(2.0, {"192.0.2.1": 2.0})


def test_rates_hold_what_was_lost_before_it_came_in() -> None:
    lossy = receiver(socket_overflow=20, reassembly_failures=10)
    found = rates(history(look(0), look(10, receiver=lossy)))
    assert found.lost == {"reassembly_failures": 1.0, "socket_overflow": 2.0}


def test_grown_names_senders_with_more_of_an_outcome() -> None:
    def report(**sent: int) -> ReceiverReport:
        senders = {name: Sender(tally(sent=count), 0.0) for name, count in sent.items()}
        return receiver(senders=senders)

    assert grown(report(a=1, b=2), report(a=1, b=5, c=4), Outcome.SENT) == {"b": 3, "c": 4}
