# SPDX-License-Identifier: MIT
"""The tab of routers and blocking: what it says, and its buttons."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.blocking import pages, wishes
from appliance.blocking.wishes import Wish, WishKind
from appliance.reports.answers import AnswersReport, RouterAnswer
from tests.unit.reports.test_blocking import REPORT
from tests.unit.web.test_entry import form_token, set_up
from tests.unit.web.test_pages import shown

HOSTILE = "<script>alert(1)</script>"


def line(client: FlaskClient) -> str:
    return shown(client).split(">Router and blocking</a> <span>")[1].split("</span>")[0]


def test_line_says_how_it_is(client: FlaskClient, tmp_path: Path) -> None:
    assert line(client) == "No router is set up."
    now = replace(REPORT, updated=time.time())
    now.publish(tmp_path)
    assert line(client) == "1 of 1 router answer. 1 network blocked."
    replace(now, mode="dry-run").publish(tmp_path)
    assert line(client) == "1 of 1 router answer. 1 network would be blocked."


def test_tab_shows_routers_blocks_and_what_was_spared(client: FlaskClient, tmp_path: Path) -> None:
    replace(REPORT, updated=time.time()).publish(tmp_path)
    text = client.get("/router").text
    for words in ("It answers.", "RouterOS 7.22.1", "45.66.77.88/32", "(1:2)", "a name server"):
        assert words in text
    assert "csrf" not in text


def test_tab_without_a_report_and_with_an_old_one(client: FlaskClient, tmp_path: Path) -> None:
    assert "No router is set up." in client.get("/router").text
    REPORT.publish(tmp_path)
    assert "not from now" in client.get("/router").text


def test_what_strangers_wrote_is_only_text(client: FlaskClient, tmp_path: Path) -> None:
    state = replace(REPORT.routers[0], board=HOSTILE, words=HOSTILE)
    block = replace(REPORT.blocked[0], message=HOSTILE)
    replace(REPORT, routers=(state,), blocked=(block,)).publish(tmp_path)
    assert HOSTILE not in client.get("/router").text


def test_where_the_owner_looks_from_is_told_once_in_a_while(tmp_path: Path) -> None:
    owners = pages.Owners(tmp_path)
    for address, now in (("45.1.1.1", 0.0), ("45.1.1.1", 1.0), ("192.168.1.9", 2.0), ("", 3.0),
                         ("::ffff:45.1.1.2", 4.0), ("45.1.1.1", 601.0)):  # fmt: skip
        owners.note(address, now)
    told = [wish.what for wish in wishes.inbox(tmp_path).take()]
    assert told == ["45.1.1.1", "::ffff:45.1.1.2", "45.1.1.1"]
    pages.Owners(tmp_path / "away").note("45.1.1.1", 0.0)


@pytest.fixture
def wished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wishes"
    folder.mkdir()
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "wish"),
    [
        ({"kind": "lift", "what": "45.66.77.88/32"}, Wish(WishKind.LIFT, "45.66.77.88/32")),
        ({"kind": "never", "what": "45.66.77.88"}, Wish(WishKind.NEVER, "45.66.77.88/32")),
        ({"kind": "trust", "what": "home", "certificate": "ab" * 32},
         Wish(WishKind.TRUST, "home", certificate="ab" * 32)),
        ({"kind": "retry", "what": "home"}, Wish(WishKind.RETRY, "home")),
        ({"kind": "ask", "what": "all", "command": " /log print "},
         Wish(WishKind.ASK, "all", command="/log print")),
    ],
)  # fmt: skip
def test_buttons_ask(stranger: FlaskClient, wished: Path, form: dict[str, str], wish: Wish) -> None:
    set_up(stranger)
    answer = stranger.post("/router/wish", data={"csrf": form_token(stranger, "/devices"), **form})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/router")
    assert wishes.inbox(wished).take() == [wish]


@pytest.mark.slow
@pytest.mark.parametrize(
    "form",
    [
        {"kind": "lift", "what": "junk"},
        {"kind": "reboot", "what": "x"},
        {"kind": "lift"},
        {"kind": "owner", "what": "45.1.1.1"},
        {"kind": "block", "what": ""},
        {"kind": "ask", "what": "all", "command": "/system reboot"},
        {"kind": "ask", "what": "all"},
    ],
)
def test_buttons_ask_for_nothing_else(
    stranger: FlaskClient, wished: Path, form: dict[str, str]
) -> None:
    set_up(stranger)
    answer = stranger.post("/router/wish", data={"csrf": form_token(stranger, "/devices"), **form})
    assert answer.status_code == 400
    assert wishes.inbox(wished).take() == []


def test_buttons_need_a_session(client: FlaskClient, wished: Path) -> None:
    assert client.post("/router/wish", data={"kind": "lift", "what": "x"}).status_code == 403


def test_answers_are_text(client: FlaskClient, tmp_path: Path) -> None:
    answer = RouterAnswer("home", "/log print", time.time(), (HOSTILE, "second"), True)
    AnswersReport((answer,)).publish(tmp_path)
    text = client.get("/router").text
    assert "second" in text and HOSTILE not in text and "home failed" in text
