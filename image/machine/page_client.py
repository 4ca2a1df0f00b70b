# SPDX-License-Identifier: MIT
"""What the guest's page tells, read from the host: alerts as they come, and whether it answers."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

POLL_SECONDS = 0.3
BATCH = 500


class PageClient:
    """A client of the page (docs/developer/api.md); `token` opens what needs a login."""

    def __init__(self, port: int, address: str = "127.0.0.1", token: str = "") -> None:
        self.url = f"http://{address}:{port}/"
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, seconds: float = 10.0) -> Any:
        """Return the JSON that `path` answers with. Raises OSError where nothing answers."""
        return json.loads(self.read(path, seconds))

    def read(self, path: str, seconds: float = 10.0) -> bytes:
        """Return what `path` answers with. Raises OSError where nothing answers in time."""
        request = urllib.request.Request(self.url + path, headers=self.headers)
        with urllib.request.urlopen(request, timeout=seconds) as response:
            body: bytes = response.read()
            return body

    def alerts_after(self, newest: int) -> list[dict[str, Any]]:
        """Return the alerts stored after the one with id `newest`, oldest first."""
        found: list[dict[str, Any]] = []
        while True:
            batch = self.get(f"api/alerts?after={newest}&limit={BATCH}")["alerts"]
            found += batch
            if len(batch) < BATCH:
                return found
            newest = batch[-1]["id"]


class AlertFeed:
    """Hands each new alert to `show`, from a thread of its own, until it is closed."""

    def __init__(self, page: PageClient, show: Callable[[dict[str, Any]], None]) -> None:
        self._page, self._show = page, show
        self.alerts: list[dict[str, Any]] = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take what has come until now and stop."""
        self._closed.set()
        self._thread.join()
        self._take()

    def _run(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            self._take()

    def _take(self) -> None:
        newest = self.alerts[-1]["id"] if self.alerts else 0
        try:
            new = self._page.alerts_after(newest)
        except (OSError, urllib.error.URLError, ValueError):
            return
        self.alerts += new
        for alert in new:
            self._show(alert)
