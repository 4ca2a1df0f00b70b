# SPDX-License-Identifier: MIT
"""Many routers are asked at a time, and whatever one of them does, the others' answers are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.router import api, many
from appliance.router.api import Connection
from appliance.router.many import Said
from appliance.router.wire import ApiAddress
from appliance.settings.sections.router import RouterEntry
from tests.routeros import server
from tests.routeros.machine import Machine
from tests.routeros.server import ApiServer

IDENTITY = "/system identity print"


@pytest.fixture
def served(shared_data: Path) -> Iterator[list[ApiServer]]:
    """Return four routers."""
    with ExitStack() as stack:
        yield [stack.enter_context(server.serving(Machine())) for _ in range(4)]


def entries(served: list[ApiServer]) -> list[RouterEntry]:
    return [
        RouterEntry(f"r{number}", ip_address("127.0.0.1"), port=each.port)
        for number, each in enumerate(served)
    ]


def opened(router: RouterEntry) -> Connection:
    return api.connect(ApiAddress("127.0.0.1", router.port, tls=False), "admin", "secret", 20)


def test_answers_come_in_order_and_the_same_ones_together(served: list[ApiServer]) -> None:
    served[2].machine.single["/system/identity"] = {"name": "other\x1b[2J"}
    answers = many.ask(entries(served), IDENTITY, many.over_api(opened))
    assert [said.router for said in answers] == ["r0", "r1", "r2", "r3"]
    alike = many.together(answers)
    assert [names for names, _ in alike] == [("r0", "r1", "r3"), ("r2",)]
    assert all("\x1b" not in line for said in answers for line in said.lines)


def test_one_that_is_away_and_one_that_refuses_are_told(served: list[ApiServer]) -> None:
    served[1].machine.users["admin"] = "another"
    group = next(r for r in served[2].machine.rows("/user/group") if r["name"] == "full")
    group["policy"] = "api,write"
    answers = many.ask(entries(served), IDENTITY, many.over_api(opened))
    assert [said.failed for said in answers] == [False, True, True, False]
    assert "password" in answers[1].lines[0] and "permissions" in answers[2].lines[0]


def test_what_one_does_not_understand_is_told_before_anything_is_run(
    served: list[ApiServer],
) -> None:
    served[3].machine.schema = Machine("7.9").schema
    command = "/ip dns adlist add url=x"
    wrong = many.wrong(entries(served), command, opened)
    assert [said.router for said in wrong] == ["r3"]
    assert many.wrong(entries(served)[:3], command, opened) == []


def test_together_tells_failures_apart() -> None:
    said = [Said("a", ("x",), True), Said("b", ("x",), False), Said("c", ("x",), True)]
    assert [names for names, _ in many.together(said)] == [("a", "c"), ("b",)]
    assert many.ask([], "x", many.over_api(opened)) == []
