# SPDX-License-Identifier: MIT
"""The Python packages that Debian does not have, fetched for the board and checked by hash."""

from __future__ import annotations

import sys
from pathlib import Path

from image.build.boards import IMAGE
from image.build.context import BuildContext
from image.command import run

# The version that the image's Debian has.
PYTHON = "3.13"
REQUIREMENTS = sorted((IMAGE / "python").glob("*.txt"))


def build_wheels(context: BuildContext) -> Path:
    """Fetch the packages where they are not there yet; return the folder of them, unpacked."""
    platform, name = f"manylinux_2_28_{context.board.machine}", f"wheels-{context.board.machine}"
    return context.cache.stage(
        name, "", [*REQUIREMENTS, platform, PYTHON],
        lambda target: run(pip(platform, target), context.log(name)),
    )  # fmt: skip


def pip(platform: str, target: Path) -> list[str | Path]:
    """Return the words that put the packages for `platform` into `target`, and nothing else."""
    words = [word for each in REQUIREMENTS for word in ("--requirement", each)]
    return [
        sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
        "--require-hashes", "--only-binary=:all:", "--no-compile",
        f"--python-version={PYTHON}", f"--platform={platform}",
        "--target", target, *words,
    ]  # fmt: skip
