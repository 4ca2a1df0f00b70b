"""Fixtures that several rooms share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def memory() -> Iterator[Path]:
    """Return a folder in memory, as the engine's spool is one: a tmpfs."""
    folder = Path(tempfile.mkdtemp(prefix="glovebox-", dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)
