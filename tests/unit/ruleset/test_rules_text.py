# SPDX-License-Identifier: MIT
"""The text on BOOT: written where it differs, removed where nothing was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.reports.rules import LeftOut, RulesReport
from appliance.ruleset import rules_text

TOLD = RulesReport("Snort", True, 4741, 0, 1, (LeftOut("my.rules", 7, "no sid" + "!" * 900),))


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """Return the engine's folder, with an outbox, and BOOT."""
    (tmp_path / "run/outbox").mkdir(parents=True)
    (tmp_path / "boot").mkdir()
    return tmp_path / "run", tmp_path / "boot"


def test_text_is_for_any_editor() -> None:
    lines = rules_text.text(TOLD).decode().split("\r\n")
    assert "4,741 rules of yours in force, 1 left out: my.rules:7: no sid!" in lines[2]
    assert "- my.rules:7: no sid!" in lines[6]
    assert max(map(len, lines)) <= rules_text.LONGEST
    assert rules_text.text(RulesReport("Snort", False)) == b""


def test_lay_out_writes_what_differs_and_nothing_else(places: tuple[Path, Path]) -> None:
    run, boot = places
    waiting = run / "outbox" / rules_text.NAME
    rules_text.lay_out(TOLD, run, boot)
    assert waiting.read_bytes() == rules_text.text(TOLD)
    waiting.replace(boot / rules_text.NAME)
    rules_text.lay_out(TOLD, run, boot)
    assert not waiting.exists()
    rules_text.lay_out(RulesReport("Snort", False), run, boot)
    assert waiting.read_bytes() == b""
    (boot / rules_text.NAME).unlink()
    rules_text.lay_out(RulesReport("Snort", False), run, boot)
    assert not waiting.exists()


def test_lay_out_does_without_an_outbox(tmp_path: Path) -> None:
    rules_text.lay_out(TOLD, tmp_path, tmp_path)
    assert list(tmp_path.iterdir()) == []
