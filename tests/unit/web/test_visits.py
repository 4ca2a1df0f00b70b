# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance import requests


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_who_is_on_this_machine_leaves_no_mark(
    client: FlaskClient, tmp_path: Path, address: str
) -> None:
    client.get("/healthz", environ_base={"REMOTE_ADDR": address})
    assert not (tmp_path / requests.VISITED).exists()


def test_the_first_from_outside_leaves_one_mark(app: Flask, tmp_path: Path) -> None:
    mark = tmp_path / requests.VISITED
    outside = {"REMOTE_ADDR": "192.168.88.7"}
    # Whoever is turned away has reached the page all the same.
    assert app.test_client().get("/", environ_base=outside).status_code in (303, 401)
    assert mark.exists()
    mark.unlink()
    app.test_client().get("/", environ_base=outside)
    assert not mark.exists()


def test_a_mark_that_cannot_be_left_costs_nobody_the_page(app: Flask, tmp_path: Path) -> None:
    (tmp_path / requests.VISITED).mkdir()
    answer = app.test_client().get("/static/page.js", environ_base={"REMOTE_ADDR": "192.168.88.7"})
    assert answer.status_code == 200
