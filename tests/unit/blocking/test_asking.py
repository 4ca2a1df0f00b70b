# SPDX-License-Identifier: MIT
"""Questions are asked over the connection that is there, and each has an answer in the end."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from appliance.blocking import asking
from appliance.blocking.asking import Questions
from appliance.router import api
from appliance.router.api import Connection
from appliance.router.wire import ApiAddress
from tests.routeros import terminal
from tests.unit.blocking.conftest import PATIENCE_S, Home


@pytest.fixture
def connection(home: Home) -> Iterator[Connection]:
    place = ApiAddress("127.0.0.1", home.api.port, pin=home.keeping.pin())
    with api.connect(place, "admin", "secret") as made:
        yield made


def answered(questions: Questions, connection: Connection) -> tuple[tuple[str, ...], bool]:
    end = time.monotonic() + PATIENCE_S
    while questions.answer is None:
        assert time.monotonic() < end
        questions.work(connection)
        connection.events(0.01)
    return questions.answer.lines, questions.answer.failed


def test_an_answer_is_plain_lines_without_secrets(home: Home, connection: Connection) -> None:
    home.machine.single["/system/identity"] = {"name": "x\x1b[2J", "password": "tell-nobody"}
    questions = Questions("home")
    questions.ask("/system identity print")
    lines, failed = answered(questions, connection)
    assert not failed and "x[2J" in lines[0] and "tell-nobody" not in lines[0]


def test_a_long_answer_is_cut(home: Home, connection: Connection) -> None:
    for number in range(300):
        home.machine._put("/ip/route", {"dst-address": f"10.{number}.0.0/16"})
    questions = Questions("home")
    questions.ask("/ip route print")
    assert len(answered(questions, connection)[0]) == 200


def test_a_refusal_is_told(home: Home, connection: Connection) -> None:
    group = next(r for r in home.machine.rows("/user/group") if r["name"] == "full")
    group["policy"] = "api"
    questions = Questions("home")
    questions.ask("/system identity print")
    lines, failed = answered(questions, connection)
    assert failed and "rights" in lines[0]


def test_one_that_does_not_answer_and_one_that_is_away(home: Home, connection: Connection) -> None:
    now = [0.0]
    questions = Questions("home", lambda: now[0])
    questions.ask("/log print")
    questions.overdue()
    assert questions.answer is None
    now[0] += asking.PATIENCE_S + 1
    questions.overdue()
    assert questions.answer is not None and questions.answer.lines == (asking.AWAY,)
    home.api.silent = True
    questions.ask("/log print")
    questions.work(connection)
    now[0] += asking.PATIENCE_S
    questions.work(connection)
    assert questions.answer.lines == (asking.LATE,)


def test_a_lost_connection_is_an_answer(home: Home, connection: Connection) -> None:
    questions = Questions("home")
    questions.ask("/log print")
    questions.work(connection)
    questions.begin()
    assert questions.answer is not None and questions.answer.failed
    assert terminal.export(home.machine)
