# SPDX-License-Identifier: MIT
"""The page as the host reads it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from image.machine import page_client
from image.machine.page_client import AlertFeed, PageClient


class Device(ThreadingHTTPServer):
    """A page with alerts, for those who have the token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.alerts = [{"id": number} for number in range(1, 6)]


class Answer(BaseHTTPRequestHandler):
    server: Device

    def do_GET(self) -> None:
        if self.headers["Authorization"] != "Bearer secret":
            self.send_error(401)
            return
        query = {name: int(each[0]) for name, each in parse_qs(urlsplit(self.path).query).items()}
        new = [alert for alert in self.server.alerts if alert["id"] > query["after"]]
        body = json.dumps({"alerts": new[: query["limit"]]}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def device() -> Iterator[Device]:
    with Device() as device:
        thread = threading.Thread(target=device.serve_forever, args=(0.01,))
        thread.start()
        yield device
        device.shutdown()
        thread.join()


@pytest.fixture
def page(device: Device, monkeypatch: pytest.MonkeyPatch) -> PageClient:
    monkeypatch.setattr(page_client, "BATCH", 2)
    monkeypatch.setattr(page_client, "POLL_SECONDS", 0.01)
    return PageClient(device.server_address[1], token="secret")


@pytest.mark.parametrize(("after", "ids"), [(0, [1, 2, 3, 4, 5]), (4, [5]), (5, [])])
def test_alerts_after_takes_batch_by_batch(after: int, ids: list[int], page: PageClient) -> None:
    assert [alert["id"] for alert in page.alerts_after(after)] == ids


def test_without_the_token_nothing_is_shown(device: Device) -> None:
    with pytest.raises(OSError, match="401"):
        PageClient(device.server_address[1]).alerts_after(0)


def test_feed_shows_each_alert_once(device: Device, page: PageClient) -> None:
    shown: list[int] = []
    arrived = threading.Event()

    def show(alert: dict[str, Any]) -> None:
        shown.append(alert["id"])
        if alert["id"] == 5:
            arrived.set()

    feed = AlertFeed(page, show)
    assert arrived.wait(10)
    device.alerts.append({"id": 6})
    feed.close()
    assert shown == [1, 2, 3, 4, 5, 6]
    assert feed.alerts == device.alerts
