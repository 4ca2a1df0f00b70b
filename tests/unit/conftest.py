# SPDX-License-Identifier: MIT
"""Fixtures that several rooms share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from appliance.alerts.store import AlertStore


class CompiledTemplates(BytecodeCache):
    """Templates that were compiled once, for each application that a test makes."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


@pytest.fixture(scope="session", autouse=True)
def _templates_are_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Flask.jinja_options, "bytecode_cache", CompiledTemplates())
        yield


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
