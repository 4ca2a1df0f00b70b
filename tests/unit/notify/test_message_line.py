# SPDX-License-Identifier: MIT
"""A channel's line is what its parts say, and comes back from the card."""

from __future__ import annotations

from appliance import shape
from appliance.notify import message_policy as policy
from appliance.notify.message_line import FaultSeen, MessageDraft, MessageLine
from tests.unit.notify.sample_news import NOW, news


def test_waiting_is_what_was_heard_and_not_told() -> None:
    line = policy.heard(MessageLine(), [news("1:1", 3), news("1:2", 4)], NOW)
    assert (line.heard, line.waiting, line.told) == (7, 7, 0)


def test_a_draft_counts_what_it_tells() -> None:
    assert MessageDraft(counts={"1:1": 3, "1:2": 4}, beyond=5).alerts == 12


def test_it_comes_back_as_it_was() -> None:
    line = policy.heard(MessageLine(), [news()], NOW)
    line = policy.with_faults(line, {"stream": FaultSeen("deaf", 1.0)}, NOW)
    line = policy.failed(line, "away", NOW)
    assert shape.from_json(MessageLine, shape.to_json(line)) == line
