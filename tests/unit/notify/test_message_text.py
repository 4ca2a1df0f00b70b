# SPDX-License-Identifier: MIT
"""Messages as people read them."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

from appliance.notify import message_policy as policy
from appliance.notify.message_line import FaultSeen, MessageLine, RuleNews
from appliance.notify.message_text import MOST_LINES, OutgoingMessage, written
from tests.unit.notify.sample_news import NOW, news


def message(line: MessageLine, now: float = NOW) -> OutgoingMessage:
    draft = policy.next_message(line, now)
    assert draft is not None
    return written(draft, line, "box", now, UTC)


def test_one_alert() -> None:
    found = message(policy.heard(MessageLine(), [news()], NOW))
    assert found.title == "box: High: Rule 1:1" and found.is_urgent and found.alerts == 1
    assert found.text == "192.0.2.1:4 to 192.0.2.2:443\n1 time, at 09:26\nRule 1:1"


def test_the_time_is_that_of_the_owner() -> None:
    line = policy.heard(MessageLine(), [news()], NOW)
    draft = policy.next_message(line, NOW)
    assert draft is not None
    assert "at 10:26" in written(draft, line, "box", NOW, ZoneInfo("Europe/Berlin")).text


def test_an_old_one_says_how_old_it_is() -> None:
    line = policy.heard(MessageLine(), [news(count=4)], NOW)
    found = message(line, NOW + 7300)
    assert "4 times, 09:26 to 09:26 (2 h ago)" in found.text


def test_what_came_after_the_first_is_more() -> None:
    line = policy.heard(MessageLine(), [news()], NOW)
    draft = policy.next_message(line, NOW)
    assert draft is not None
    line = policy.heard(policy.delivered(line, draft, NOW), [news(count=1204)], NOW + 1)
    assert "1,204 times more" in message(line, NOW + 600).text


def test_a_digest_names_most_and_counts_all() -> None:
    many = 25
    line = policy.heard(MessageLine(), [news(f"1:{each}", each + 1) for each in range(many)], NOW)
    found = message(line)
    assert found.kind == "digest" and found.title == "box: 325 alerts of 25 rules"
    lines = found.text.splitlines()
    assert len(lines) == MOST_LINES + 2 and lines[1].startswith("25 × Rule 1:24 (high)")
    counted = sum(int(line.split()[0].replace(",", "")) for line in lines[1:])
    assert counted == found.alerts == 325


def test_strangers_words_are_cleaned() -> None:
    bad = RuleNews("1:1", "x\n\u202ehttp://evil.example @all", 1, 1, NOW, NOW, "<b>", "[a](b)")
    found = message(policy.heard(MessageLine(), [bad], NOW))
    assert found.title == "box: High: x http: evil[.]example (at)all"
    assert "<" not in found.text and "](" not in found.text


def test_faults_and_what_is_well_again() -> None:
    line = policy.with_faults(MessageLine(), {"engine": FaultSeen("It is dead.", 0.0)}, NOW)
    found = message(line)
    assert (found.kind, found.title, found.text) == ("fault", "box: fault", "Fault: It is dead.")
    draft = policy.next_message(line, NOW)
    assert draft is not None
    line = policy.with_faults(policy.delivered(line, draft, NOW), {}, NOW + 1)
    found = message(line, NOW + 100)
    assert (found.kind, found.text) == ("recovered", "Well again: It is dead.")
    assert not found.is_urgent
