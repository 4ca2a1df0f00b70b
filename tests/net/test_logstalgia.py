# SPDX-License-Identifier: MIT
"""The real Logstalgia, without a screen, follows our feed: what is turned away, and what passes."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.logs.lines.event import LoggedPacket, Login
from appliance.logs.live_pages import follow
from appliance.logs.live_ring import LiveRing
from tests.conftest import missing
from tests.net.namespaces import DEADLINE_S

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

Frame = NDArray[np.uint8]

WIDTH, HEIGHT, RATE = 640, 480, 25
GREEN, BLUE = (0x00, 0xC0, 0x00), (0xAD, 0xD8, 0xE6)
# As docs/owner/logs.md has it.
GROUPS = ("TCP,URI=^TCP,40,00C000", "UDP,URI=^UDP,30,ADD8E6", "ICMP,URI=^ICMP,10",
          "Login,URI=^(?!TCP|UDP|ICMP),20")  # fmt: skip
# Behind the paddle and the names, between the clock and the counter: only what passes gets there.
BEHIND = (slice(40, 420), slice(520, 640))
# Frames in which a ball crosses the screen, and more.
CROSSING = 8 * RATE
TURN_S = 0.2


class Screen:
    """Logstalgia's frames, and the events that it is told of, again and again."""

    def __init__(self, parts: Path, display: str) -> None:
        argv = ["logstalgia", f"-{WIDTH}x{HEIGHT}", "--disable-glow", "--hide-response-code"]
        for group in GROUPS:
            argv += ["-g", group]
        argv += ["-o", "-", "-r", str(RATE), "-"]
        own = {"DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1", "SDL_AUDIODRIVER": "dummy"}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(argv, env=os.environ | own, stdin=pipe, stdout=pipe)
        self.events: list[LoggedPacket | Login] = []
        self._ring, self._goes_on = LiveRing(parts), True
        self._ring.publish()
        self._threads = [threading.Thread(target=each) for each in (self._tell, self._feed)]
        for thread in self._threads:
            thread.start()
        self._frames = self._read(_stream(self.process.stdout))
        self._parts = parts

    def frames(self, most: int) -> Iterator[Frame]:
        """Yield the next frames; it fails where they do not come."""
        for _ in range(most):
            yield next(self._frames)

    def close(self) -> None:
        self._goes_on = False
        self.process.kill()
        for thread in self._threads:
            thread.join(DEADLINE_S)
        self.process.communicate()

    def _tell(self) -> None:
        while self._goes_on:
            for event in self.events:
                self._ring.add(time.time(), event)
            self._ring.publish()
            time.sleep(TURN_S)

    def _feed(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            for lines in follow(self._ring.parts, False, lambda: self._goes_on):
                into = _stream(self.process.stdin)
                into.write(lines.encode("ascii"))
                into.flush()

    def _read(self, stream: IO[bytes]) -> Iterator[Frame]:
        """Yield pictures in PPM (netpbm, ppm(5)): three lines or one, then the pixels."""
        while True:
            head = b""
            while len(head.split()) < 4:
                line = stream.readline()
                assert line, "Logstalgia has ended"
                head += line
            assert head.split() == [b"P6", b"%d" % WIDTH, b"%d" % HEIGHT, b"255"]
            pixels = stream.read(WIDTH * HEIGHT * 3)
            yield np.frombuffer(pixels, np.uint8).reshape(HEIGHT, WIDTH, 3)


def _stream(found: IO[bytes] | None) -> IO[bytes]:
    assert found is not None
    return found


@pytest.fixture
def display() -> Iterator[str]:
    """Start an X server without a screen; return its name."""
    if not (shutil.which("Xvfb") and shutil.which("logstalgia")):
        missing("no Logstalgia or no Xvfb: apt-get install logstalgia xvfb")
    argv = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE)
    yield f":{int(_stream(process.stdout).readline())}"
    process.terminate()
    process.communicate(timeout=DEADLINE_S)


@pytest.fixture
def screen(tmp_path: Path, display: str) -> Iterator[Screen]:
    made = Screen(tmp_path, display)
    yield made
    made.close()


def has(frame: Frame, colour: tuple[int, int, int]) -> bool:
    return bool((frame == colour).all(axis=2).any())


def passes(frame: Frame) -> bool:
    return bool(frame[BEHIND].any())


def test_what_fails_is_turned_away_and_a_success_passes(screen: Screen) -> None:
    packet = LoggedPacket("TCP", "198.51.100.7", 51234, "192.0.2.1", 22, length=60)
    screen.events = [
        packet,
        packet._replace(protocol="UDP", source="198.51.100.8", port=53),
        # Had it six fields by this, it would be shown as a success.
        Login("203.0.113.9", "root", "x|20|0|", False),
    ]
    # At first nothing is there; then names and balls have the colours of their groups.
    assert any(has(frame, GREEN) and has(frame, BLUE) for frame in screen.frames(60 * RATE))
    assert not any(passes(frame) for frame in screen.frames(2 * CROSSING))
    screen.events = [*screen.events, Login("203.0.113.10", "root", "1234", True)]
    assert any(passes(frame) for frame in screen.frames(60 * RATE))
