# SPDX-License-Identifier: MIT
"""Programs of an unpacked root, started through its own loader."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from image.build.tools import LOADERS, Tools, make_runnable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root with this host's loader, C library and `true` renamed to `echo-like`."""
    machine = os.uname().machine
    library = Path(f"usr/lib/{machine}-linux-gnu")
    for folder in ("run", "usr/bin", str(library), str(Path(LOADERS[machine]).parent)):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(f"/{LOADERS[machine]}", tmp_path / LOADERS[machine])
    shutil.copy("/bin/echo", tmp_path / "usr/bin/speak")
    for name in ("libc.so.6",):
        shutil.copy(f"/{library}/{name}", tmp_path / library / name)
    (tmp_path / "run" / "programs").write_text("speak\n")
    return tmp_path


def test_make_runnable_starts_a_program_with_its_own_libraries(root: Path) -> None:
    make_runnable(root)
    argv = [*Tools(root).argv("speak"), "two words", "three"]
    environment = {**os.environ, "LD_DEBUG": "libs"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "two words three\n"
    assert f"trying file={root}/usr/lib" in done.stderr


def test_make_runnable_survives_a_move_of_the_root(root: Path, tmp_path: Path) -> None:
    make_runnable(root)
    moved = root.rename(tmp_path.with_name(f"{tmp_path.name}-moved"))
    done = subprocess.run([*Tools(moved).argv("speak"), "here"], capture_output=True, check=True)
    assert done.stdout == b"here\n"


def test_environment_finds_the_roots_programs_first() -> None:
    found = Tools(Path("/tools")).environment
    assert found["PATH"].startswith("/tools/run:")
    assert found["TZ"] == "UTC"
