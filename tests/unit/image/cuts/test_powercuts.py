# SPDX-License-Identifier: MIT
"""What a cut may lose, and what not."""

from __future__ import annotations

import pytest

from image.cuts.powercuts import Confirmed, CutsReport


@pytest.mark.parametrize(
    ("password", "asked", "possible"),
    [("", "", []), ("old", "", ["old"]), ("old", "new", ["old", "new"]), ("", "new", ["new"])],
)
def test_a_password_on_its_way_may_be_in_force(
    password: str, asked: str, possible: list[str]
) -> None:
    assert Confirmed(password, asked).passwords == possible


def test_report_begins_with_nothing_at_every_moment() -> None:
    report = CutsReport()
    assert report.cuts == {"start": 0, "writing": 0, "any": 0}
    assert report.problems == []
