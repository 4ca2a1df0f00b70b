# SPDX-License-Identifier: MIT
"""A line in one's own terminal: escapes, the log, and nothing sent that was not typed."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.console import attach, serial, service
from appliance.console.attach import Keys
from appliance.console.line import LineError
from appliance.errors import GloveboxError
from tests.unit.console.conftest import Cable


@pytest.mark.parametrize(
    ("typed", "sent", "ended", "breaks"),
    [
        (b"abc\r", b"abc\r", False, 0), (b"~.", b"", True, 0), (b"a~.", b"a~.", False, 0),
        (b"a\r~.b", b"a\r", True, 0), (b"~~", b"~", False, 0), (b"~x", b"~x", False, 0),
        (b"\r~#~#", b"\r", False, 2), (b"~", b"", False, 0),
    ],
)  # fmt: skip
def test_escapes_are_those_of_ssh(typed: bytes, sent: bytes, ended: bool, breaks: int) -> None:
    keys = Keys()
    assert keys.take(typed) == sent and (keys.ended, keys.breaks) == (ended, breaks)


@given(st.binary(max_size=50), st.integers(0, 50))
def test_in_pieces_it_is_the_same(typed: bytes, cut: int) -> None:
    whole, pieces = Keys(), Keys()
    assert pieces.take(typed[:cut]) + pieces.take(typed[cut:]) == whole.take(typed)
    assert pieces.ended == whole.ended


class Terminal:
    """Whoever sits at `talk`: types into a pipe, and reads what is shown from another."""

    def __init__(self, cable: Cable) -> None:
        typing, self._types = os.pipe()
        self._sees, showing = os.pipe()
        self._ours = (typing, showing, self._types, self._sees)
        self.line, self.log = serial.opened(cable.path, 115200), io.BytesIO()
        self.status: int | None = None

        def run() -> None:
            self.status = attach.talk(self.line, typing, showing, self.log)

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def types(self, content: bytes) -> None:
        os.write(self._types, content)

    def sees(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            found += os.read(self._sees, count - len(found))
        return found

    def end(self) -> int | None:
        self._thread.join(60)
        return self.status

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.types(b"\r~.")
        self._thread.join(60)
        self.line.close()
        for descriptor in self._ours:
            os.close(descriptor)


@pytest.fixture
def seat(cable: Cable) -> Iterator[Terminal]:
    made = Terminal(cable)
    yield made
    made.close()


def test_keys_go_there_and_what_comes_back_is_shown_and_logged(
    seat: Terminal, cable: Cable
) -> None:
    cable.says(b"\x1b[6nLogin: ")
    assert seat.sees(11) == b"\x1b[6nLogin: "
    assert cable.hears_nothing()
    seat.types(b"admin\r")
    assert cable.hears(6) == b"admin\r"
    seat.types(b"~.")
    assert seat.end() == 0 and seat.log.getvalue() == b"\x1b[6nLogin: "


def test_a_cable_that_is_pulled_out_ends_it(
    seat: Terminal, cable: Cable, capsys: pytest.CaptureFixture[str]
) -> None:
    cable.pull()
    assert seat.end() == 1 and "pulled out" in capsys.readouterr().err


def test_a_line_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(LineError, match="there are: "):
        service.main(["usb-nothing"])


def test_a_log_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("mine")
    with pytest.raises((GloveboxError, OSError)), attach._log(file):
        pass
    assert file.read_text() == "mine"
