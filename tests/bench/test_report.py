# SPDX-License-Identifier: MIT
"""The page of figures is written anew, and what people wrote on it stays."""

from __future__ import annotations

import pytest

from tests.bench import report
from tests.bench.__main__ import PAGE

BEFORE = "# Figures\n\n## Cost\n\nold\n\n### Why\n\nSo.\n\n### And\n\nmore\n\n## Delay\n\nold\n"
AFTER = "# Figures\n\n## Cost\n\nnew\n\n## Delay\n\nnew\n"


def test_notes_stay_below_their_figures() -> None:
    found = report.with_notes(AFTER, BEFORE)
    assert found == (
        "# Figures\n\n## Cost\n\nnew\n\n### Why\n\nSo.\n\n### And\n\nmore\n\n## Delay\n\nnew\n"
    )
    assert report.with_notes(AFTER, AFTER) == AFTER


def test_a_note_is_not_lost_with_its_section() -> None:
    with pytest.raises(ValueError, match="Cost"):
        report.with_notes("# Figures\n\n## Delay\n", BEFORE)


def test_the_page_that_is_there_keeps_its_notes() -> None:
    page = PAGE.read_text()
    bare = "\n## ".join(part.partition("\n### ")[0].rstrip() + "\n" for part in page.split("\n## "))
    assert "### " not in bare and "### " in page
    assert report.with_notes(bare, page) == page
