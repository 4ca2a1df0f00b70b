# SPDX-License-Identifier: MIT
"""The tab of devices and films: its line on the overview."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.unit.web.test_pages import shown
from tests.web.reports import FILMS, a_health, a_port


def line(client: FlaskClient) -> str:
    return shown(client).split(">Devices and films</a> <span>")[1].split("</span>")[0]


def test_line_without_anything(client: FlaskClient) -> None:
    assert line(client) == "No addresses are given out."


@pytest.mark.parametrize(("devices", "expected"), [(0, "0 devices have"), (1, "1 device has")])
def test_line_counts_devices(
    client: FlaskClient, tmp_path: Path, devices: int, expected: str
) -> None:
    port = a_port(time.time())
    replace(port, devices=port.devices[:devices]).publish(tmp_path)
    replace(port, interface="eth1", serving=False, devices=()).publish(tmp_path)
    assert line(client) == f"{expected} an address."


def test_line_counts_films(client: FlaskClient, tmp_path: Path) -> None:
    films = replace(FILMS, library=replace(FILMS.library, video=1204))
    a_health(time.time(), films=films).publish(tmp_path)
    assert line(client) == "No addresses are given out. 1,204 films, 2 players."
