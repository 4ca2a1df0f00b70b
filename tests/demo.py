# SPDX-License-Identifier: MIT
"""`build.sh demo`, run as its user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT

DEMO = [sys.executable, "-m", "image.demo"]
BIND_ANY = ["--tzsp-port", "0", "--page-port", "0"]


def demo(*arguments: str | Path, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run it to its end with these arguments."""
    return subprocess.run(
        [*DEMO, *map(str, arguments)], cwd=PROJECT, capture_output=True, text=True,
        timeout=seconds, check=False,
    )  # fmt: skip
