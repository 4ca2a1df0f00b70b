# SPDX-License-Identifier: MIT
"""What was found whole is not read again, until it changes or a day is over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.flowstore import checked
from appliance.flowstore.checked import VALID_S, CheckedFiles


def test_found_whole_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"flows")
    kept = CheckedFiles(tmp_path / "checked.json")
    assert not kept.holds(file)
    kept.add(file)
    kept.keep({"a"})
    again = CheckedFiles(tmp_path / "checked.json")
    assert again.holds(file)
    now = checked._now()
    monkeypatch.setattr(checked, "_now", lambda: now + VALID_S + 1)
    assert not again.holds(file)
    # Its time is of a clock that begins anew with the machine.
    monkeypatch.setattr(checked, "_now", lambda: 0.0)
    assert not again.holds(file)


def test_what_changed_is_not_the_same(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"flows")
    kept = CheckedFiles(tmp_path / "checked.json")
    kept.add(file)
    os.utime(file, ns=(1, 1))
    assert not kept.holds(file)
    kept.add(file)
    kept.keep(set())
    assert not CheckedFiles(tmp_path / "checked.json").holds(file)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', '{"a": ["x"]}', '{"a": [1]}'])
def test_a_broken_list_holds_nothing(tmp_path: Path, content: str) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"flows")
    (tmp_path / "checked.json").write_text(content)
    assert not CheckedFiles(tmp_path / "checked.json").holds(file)
