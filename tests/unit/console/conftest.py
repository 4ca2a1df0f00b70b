# SPDX-License-Identifier: MIT
"""A pair of terminals for a cable, and the application of the page."""

from __future__ import annotations

import os
import pty
import select
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.web.conftest import app as app
from tests.unit.web.conftest import cheap_scrypt as cheap_scrypt
from tests.unit.web.conftest import client as client
from tests.unit.web.conftest import stranger as stranger


class Cable:
    """The router's end of a cable; `path` is ours."""

    def __init__(self) -> None:
        self.router, self._ours = pty.openpty()
        tty.setraw(self._ours)
        self.path = Path(os.ttyname(self._ours))

    def says(self, content: bytes) -> None:
        os.write(self.router, content)

    def hears(self, count: int, seconds: float = 60.0) -> bytes:
        """Return so many bytes that were sent to the router."""
        found = b""
        while len(found) < count and select.select([self.router], [], [], seconds)[0]:
            found += os.read(self.router, count - len(found))
        return found

    def hears_nothing(self) -> bool:
        return not select.select([self.router], [], [], 0)[0]

    def pull(self) -> None:
        for descriptor in (self.router, self._ours):
            if descriptor >= 0:
                os.close(descriptor)
        self.router = self._ours = -1


@pytest.fixture
def cable() -> Iterator[Cable]:
    made = Cable()
    yield made
    made.pull()
