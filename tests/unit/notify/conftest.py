# SPDX-License-Identifier: MIT
"""Played servers, and a certificate that this process and its children trust."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.intel.bad_server import certificate
from tests.unit.notify.played_collectors import PlayedCollector, collecting
from tests.unit.notify.played_services import PlayedServer, PostBox, played, post_office


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[0]))
    return tls


@pytest.fixture
def server() -> Iterator[PlayedServer]:
    with played() as found:
        yield found


@pytest.fixture
def collector() -> Iterator[PlayedCollector]:
    with collecting() as found:
        yield found


@pytest.fixture
def office(trusted: tuple[Path, Path]) -> Iterator[tuple[str, PostBox]]:
    with post_office(*trusted) as found:
        yield found
