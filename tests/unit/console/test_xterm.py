# SPDX-License-Identifier: MIT
"""xterm.js is there whole, or it is not there."""

from __future__ import annotations

from pathlib import Path

from appliance.console.xterm import SCRIPT, STYLE, Xterm


def test_a_change_of_a_file_changes_its_version(tmp_path: Path) -> None:
    (tmp_path / SCRIPT).write_text("one")
    assert Xterm(tmp_path).versions == {}
    (tmp_path / STYLE).write_text("two")
    first = Xterm(tmp_path).versions
    assert set(first) == {SCRIPT, STYLE}
    (tmp_path / SCRIPT).write_text("three")
    second = Xterm(tmp_path).versions
    assert second[SCRIPT] != first[SCRIPT] and second[STYLE] == first[STYLE]
