# SPDX-License-Identifier: MIT
"""A browser, and a sensor for it to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import missing
from tests.net import namespaces
from tests.web.serving import Sensor


@pytest.fixture
def sensor(tmp_path: Path) -> Iterator[Sensor]:
    """Return a sensor in a namespace: the page is served, and nothing else runs yet."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        missing("network namespaces need root and ip(8)")
    with namespaces.network() as network:
        made = Sensor(network, tmp_path)
        yield made
        made.close()


NO_EVENTS = "delete window.EventSource"


@pytest.fixture(params=["events", "questions"])
def way(request: pytest.FixtureRequest) -> str:
    """Return how the open page follows: by server-sent events, or, without those, by asking."""
    return str(request.param)


@pytest.fixture
def page(browser: Browser, sensor: Sensor, way: str) -> Iterator[Page]:
    """Return an empty tab, for which `/` is the page of the sensor; errors in it fail the test."""
    context = browser.new_context(base_url=sensor.url, extra_http_headers=sensor.headers)
    if way == "questions":
        context.add_init_script(NO_EVENTS)
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []
