# SPDX-License-Identifier: MIT
"""No input that once went wrong is without a test."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import PROJECT

FOLDERS = ("capture", "rules", "settings")


def test_every_shared_case_is_named_in_a_test(shared_cases: Path) -> None:
    tests = "".join(file.read_text() for file in (PROJECT / "tests").rglob("test_*.py"))
    cases = [each for folder in FOLDERS for each in (shared_cases / folder).iterdir()]
    # The single files of settings are held to their answers by name in tests of their own.
    names = {each.stem if each.is_file() else each.name for each in cases} - {"README", "toml"}
    assert len(names) > 50
    assert {name for name in names if name.removesuffix(".verdicts") not in tests} == set()
