# SPDX-License-Identifier: MIT
"""Fixtures that several rooms share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.alerts.store import AlertStore


@pytest.fixture
def memory() -> Iterator[Path]:
    """Return a folder in memory, as the engine's spool is one: a tmpfs."""
    folder = Path(tempfile.mkdtemp(prefix="glovebox-", dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    """Return a store of alerts, `alerts.db` in tmp_path."""
    opened = AlertStore(tmp_path / "alerts.db", boot="test")
    yield opened
    opened.close()
