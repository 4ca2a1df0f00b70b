# SPDX-License-Identifier: MIT
"""Whoever comes first waits for no template: overview and inbox are compiled ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from appliance.alerts.alike_store import AlikeKeeper
from appliance.alerts.store import AlertStore
from appliance.alerts.timing import Span
from appliance.web import first_looks
from tests.unit.alerts.test_store import TEMPLATE


def loaded(app: Flask) -> set[str]:
    cache: Any = app.jinja_env.cache
    return {name for _, name in cache}


def test_what_is_seen_first_is_compiled_and_nothing_else(
    app: Flask, client: FlaskClient, store: AlertStore, tmp_path: Path
) -> None:
    ahead = first_looks.compiled(app.jinja_env)
    assert next(ahead) in loaded(app) and len(loaded(app)) == 1
    ready = {*ahead} | loaded(app)
    store.add([TEMPLATE], {}, 100, confirmed=Span(0, TEMPLATE.time_us))
    AlikeKeeper(tmp_path / "alerts.db").advance()
    seen = [client.get(path).status_code for path in ("/", "/alerts")]
    assert seen == [200, 200] and loaded(app) == ready == {*first_looks.TEMPLATES}
