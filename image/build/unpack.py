# SPDX-License-Identifier: MIT
"""Roots taken out of their tars, for the programs that this host runs from them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from image.build.tools import make_runnable
from image.command import run


def unpack(tar: Path, target: Path, log: Path) -> None:
    """Unpack a root as the user that we are; device nodes stay out."""
    target.mkdir()
    owner = [] if os.geteuid() == 0 else ["--no-same-owner", "--no-same-permissions"]
    run(["tar", "-C", target, *owner, "--exclude=./dev/*", "-xf", tar], log)


def unpack_programs(tar: Path, programs: Path, target: Path, log: Path) -> None:
    """Unpack a root and make the programs that the file `programs` names start in place."""
    unpack(tar, target, log)
    (target / "run").mkdir(exist_ok=True)
    shutil.copy(programs, target / "run" / "programs")
    make_runnable(target)
