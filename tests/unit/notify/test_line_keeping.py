# SPDX-License-Identifier: MIT
"""What waits is on the card, for its owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.notify import line_keeping
from appliance.notify import message_policy as policy
from appliance.notify.alert_totals import SeenTotals
from appliance.notify.line_keeping import NotifyBook
from appliance.notify.message_line import MessageLine
from tests.unit.notify.sample_news import NOW, news


def test_it_comes_back(tmp_path: Path) -> None:
    line = policy.heard(MessageLine(), [news("1:2", 3)], NOW)
    book = NotifyBook(SeenTotals({"1:2": 3}, 17), {"phone": line})
    line_keeping.keep(book, tmp_path)
    assert line_keeping.read(tmp_path) == book
    assert (tmp_path / line_keeping.NAME).stat().st_mode & 0o777 == 0o600


def test_a_full_book_has_a_bound(tmp_path: Path) -> None:
    """Eight channels, each with all the rules that find room."""
    found = [news(f"1:{each}", 1000) for each in range(policy.MOST_RULES)]
    line = policy.heard(MessageLine(), found, NOW)
    book = NotifyBook(SeenTotals(), {f"channel-{each}": line for each in range(8)})
    line_keeping.keep(book, tmp_path)
    assert (tmp_path / line_keeping.NAME).stat().st_size < 2 << 20


@pytest.mark.parametrize("content", ["", "{", "[]", '{"seen": 1, "lines": {}}', "[" * 100_000])
def test_what_cannot_be_read_is_an_empty_book(tmp_path: Path, content: str) -> None:
    (tmp_path / line_keeping.NAME).write_text(content)
    assert line_keeping.read(tmp_path) == NotifyBook()


def test_without_a_file_it_is_empty(tmp_path: Path) -> None:
    assert line_keeping.read(tmp_path) == NotifyBook()
