"""Fixtures that every kind of test shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


def missing(reason: str) -> None:
    """Skip where a need of a test is not met; fail where CI promises that it is."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason} (CI=true: this must be there)")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real captures and logs that stands beside the project."""
    folder = Path(os.environ.get("GLOVEBOX_SHARED_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        missing(f"no folder of real data at {folder}; GLOVEBOX_SHARED_DATA names another")
    return folder


@pytest.fixture(scope="session")
def engine_root() -> Path:
    """Return an unpacked root with the engine in it, as the image carries it."""
    folder = PROJECT / "build" / "engine-snort"
    if not (folder / "usr/sbin/snort").exists():
        missing("no engine root: run `./build.sh image`")
    return folder
