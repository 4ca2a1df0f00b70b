# SPDX-License-Identifier: MIT
"""build.sh, the entry: what it does before it hands on to a program."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    """Return the script in a place of its own, with a Python that only says what it is to run."""
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    return Path(shutil.copy(PROJECT / "build.sh", tmp_path))


@pytest.mark.parametrize(
    ("made", "command", "module"),
    [("", "demo", "image.demo"), ("[test]", "demo", "image.demo"),
     ("[test]", "page", "tests.web.preview")],
)  # fmt: skip
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_needs_no_setup(
    entry: Path, made: str, command: str, module: str, option: str
) -> None:
    stamp = entry.parent / f".venv/.made-before-an-upgrade{made}"
    stamp.touch()
    done = subprocess.run([entry, command, option], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (f"-m {module} {option}\n", "")
