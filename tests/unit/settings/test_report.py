# SPDX-License-Identifier: MIT
"""What is wrong, for people with any editor and for the other services."""

from __future__ import annotations

from pathlib import Path

from appliance.reports import statusfile
from appliance.settings import report


def test_text_has_the_line_ends_of_windows() -> None:
    text = report.text(["glovebox.toml: line 3"])
    assert text.endswith(b"\r\n- glovebox.toml: line 3\r\n")
    assert text.count(b"\n") == text.count(b"\r\n")


def test_text_of_nothing_wrong_is_empty() -> None:
    assert report.text([]) == b""


def test_text_keeps_each_problem_to_one_short_line() -> None:
    text = report.text(["a\nb\tc" + "x" * 5000]).decode()
    last = text.splitlines()[-1]
    assert last.startswith("- a b c") and len(last) <= report.LONGEST + 2


def test_problems_are_those_published(tmp_path: Path) -> None:
    assert report.problems(tmp_path) == ()
    statusfile.publish("settings", {"problems": ["one", 2]}, tmp_path)
    assert report.problems(tmp_path) == ("one", "2")
    statusfile.publish("settings", {"problems": "other"}, tmp_path)
    assert report.problems(tmp_path) == ()
