# SPDX-License-Identifier: MIT
"""A rule's own page, and quietening it there."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.alerts.alike_store import AlikeKeeper
from appliance.alerts.store import AlertStore
from appliance.ids import rule_text
from appliance.intel.meetings import sid_of
from appliance.reports.rules import LeftOut, RulesReport
from appliance.ruleset import quiet
from appliance.ruleset.quiet import Quieted, QuietList, QuietWish
from tests.unit.alerts.test_inbox_page import owner
from tests.unit.web.test_pages import shown
from tests.web.alerts import add, an_alert

__all__ = ["owner"]

RULE = "/alerts/rule?sid=1:2001219"


@pytest.fixture(autouse=True)
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the page rules of its own to look into, and places for what is quietened."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "scan.rules").write_text(
        'alert tcp any any -> any 22 (msg:"<b>ssh</b>"; reference:url,example.org/ssh;'
        " sid:2001219; rev:20;)\n"
    )
    monkeypatch.setattr(rule_text.find, "__defaults__", ((folder,), folder))
    (tmp_path / "quiet-requests").mkdir()
    (tmp_path / "quiet").mkdir()
    return folder


def wishes(tmp_path: Path) -> list[QuietWish]:
    return quiet.inbox(tmp_path / "quiet-requests").take()


def token(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


def test_a_rule_is_told_with_all_that_is_known(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert(), an_alert(source="203.0.113.9"), an_alert(source="203.0.113.9")])
    page = shown(client, RULE)
    for part in (
        "ET SCAN Potential SSH Scan", "Somebody looks around: which machines and services",
        "What to do", "1:2001219:20, snort", "&lt;b&gt;ssh&lt;/b&gt;", "scan.rules",
        'href="http://example.org/ssh"', "Attempted Information Leak",
    ):  # fmt: skip
        assert part in page
    assert page.index("203.0.113.9") < page.index("198.51.100.7")
    assert RULE in shown(client, "/alerts/stream").replace("&amp;", "&")


def test_a_rule_that_never_spoke_has_a_page(client: FlaskClient, store: AlertStore) -> None:
    page = shown(client, "/alerts/rule?sid=1:5")
    assert "Rule 1:5" in page
    assert "The rule does not say of which kind it is." in page


def test_what_a_list_raises_is_allowed_and_not_quietened(
    client: FlaskClient, store: AlertStore
) -> None:
    """The engine has no such rule, so it could not say less."""
    add(store, [an_alert(gid=613, sid=7)])
    page = shown(client, "/alerts/rule?sid=613:7")
    assert "there you can allow it" in page
    assert "Show what it would hide" not in page and "Or allow it" not in page


def test_the_entry_of_a_list_is_allowed_at_its_alert(owner: FlaskClient, store: AlertStore) -> None:
    sid = sid_of("198.51.100.0/24")
    message = "Known bad: connection to 198.51.100.0/24 (says otx: “Kit (says x)” by team)"
    add(store, [an_alert(gid=613, sid=sid, message=message)] * 2)
    page = shown(owner, f"/alerts/rule?sid=613:{sid}")
    assert "/intel?q=198.51.100.0" in page and "would have hidden these 2 alerts" in page
    assert '<button class="second" name="allow" value="198.51.100.0/24">' in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("way=all", "hidden 3 of the last 4 alerts"),
        ("way=by_src&address=203.0.113.9", "hidden 2 of the last 4 alerts"),
        ("way=by_dst&address=192.168.1.20", "hidden 3 of the last 4 alerts"),
        ("way=hourly", "hidden 1 of the last 4 alerts"),
        ("way=by_src&address=nobody", "&#39;nobody&#39; is no address."),
        ("way=loud", "Expected one of"),
        ("way=all&time=ever", "Expected one of"),
    ],
)
def test_what_it_would_hide_is_shown_first(
    client: FlaskClient, store: AlertStore, tmp_path: Path, query: str, expected: str
) -> None:
    add(store, [an_alert(), an_alert(source="203.0.113.9"), an_alert(source="203.0.113.9"),
                an_alert(sid=7)])  # fmt: skip
    page = shown(client, f"{RULE}&{query}")
    assert expected in page
    assert wishes(tmp_path) == []


@pytest.mark.slow
def test_the_owner_quietens_a_rule(owner: FlaskClient, store: AlertStore, tmp_path: Path) -> None:
    add(store, [an_alert()])
    path = f"{RULE}&way=by_src&address=198.51.100.7&time=day"
    fields = {"csrf": token(owner, path), "sid": "1:2001219", "way": "by_src",
              "address": "198.51.100.7", "time": "day"}  # fmt: skip
    answer = owner.post("/alerts/quieten", data=fields)
    assert answer.status_code == 303
    assert "The engine starts anew" in owner.get(answer.location).text
    (wish,) = wishes(tmp_path)
    assert wish.what.subject == (1, 2001219, "by_src", "198.51.100.7")
    assert abs(wish.what.until - time.time() - 86_400) < 60
    assert not wish.lift


def test_what_is_quietened_is_listed_and_lifted(
    owner: FlaskClient, store: AlertStore, tmp_path: Path
) -> None:
    assert "every rule says all" in owner.get("/alerts/quiet").text
    entry = Quieted(1, 2001219, "by_dst", "192.168.1.20", 0.0, 1.0)
    (tmp_path / "quiet/list.json").write_text(quiet.dumps(QuietList((entry,))))
    left_out = LeftOut("quieted.rules", 2, "<i>a limit within itself")
    RulesReport("Snort", True, 0, 0, 1, (left_out,)).publish(tmp_path)
    page = owner.get("/alerts/quiet").text
    assert "none to 192.168.1.20" in page
    assert "not told of one of them: &lt;i&gt;a limit within itself" in page
    assert "none to 192.168.1.20" in owner.get(RULE).text
    fields = {"csrf": token(owner, "/alerts/quiet"), "lift": "yes", "sid": "1:2001219",
              "way": "by_dst", "address": "192.168.1.20"}  # fmt: skip
    assert owner.post("/alerts/quieten", data=fields).status_code == 303
    (wish,) = wishes(tmp_path)
    assert (wish.lift, wish.what.subject) == (True, entry.subject)


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [{}, {"sid": "7"}, {"sid": "1:7"}, {"sid": "1:7", "way": "by_src", "address": "any"},
     {"sid": "1:99999999999", "way": "all"}, {"sid": "1:7", "way": "all", "time": "x"}],
)  # fmt: skip
def test_rubbish_is_refused(owner: FlaskClient, tmp_path: Path, fields: dict[str, str]) -> None:
    data = {"csrf": token(owner, "/system"), **fields}
    assert owner.post("/alerts/quieten", data=data).status_code == 400
    assert wishes(tmp_path) == []


def test_a_damaged_list_is_told(client: FlaskClient, tmp_path: Path, store: AlertStore) -> None:
    (tmp_path / "quiet/list.json").write_text("{")
    assert "cannot be read" in shown(client, "/alerts/quiet")
    assert "cannot be read" in shown(client, RULE)


def test_a_full_inbox_is_told(owner: FlaskClient, app: Flask, tmp_path: Path) -> None:
    (tmp_path / "quiet-requests").rmdir()
    fields = {"csrf": token(owner, "/system"), "sid": "1:7", "way": "all"}
    assert owner.post("/alerts/quieten", data=fields).status_code == 503


@pytest.mark.slow
@pytest.mark.parametrize("query", ["", "sid=1", "sid=x:y", "sid=1:2&x=1"])
def test_a_wrong_query_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/alerts/rule?{query}").status_code == 400


@pytest.mark.slow
def test_where_pairs_are_added_up_the_newest_alerts_say_by_whom(
    client: FlaskClient, store: AlertStore, tmp_path: Path
) -> None:
    pairs = [an_alert(source=f"198.51.{each >> 8}.{each & 255}") for each in range(1_200)]
    add(store, [*pairs, *(an_alert(source="203.0.113.9") for _ in range(30))])
    keeper = AlikeKeeper(tmp_path / "alerts.db")
    while keeper.advance():
        continue
    page = shown(client, "/alerts/rule?sid=1:2001219")
    assert "many others" not in page and "of the newest 1,000" in page
    assert page.index("203.0.113.9") < page.index('<td class="figure">30</td>')
