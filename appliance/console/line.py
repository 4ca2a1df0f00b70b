# SPDX-License-Identifier: MIT
"""A serial line, 8N1 without flow control. Nothing is sent but what is typed.

Any key during a RouterBOARD's start stops it in a menu (RouterOS manual, RouterBOOT): so no line is
begun with a key, and no question of a terminal is answered. Source: termios(3), ioctl_tty(2).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import termios
from pathlib import Path

from appliance.errors import GloveboxError

BY_ID, DEVICES = Path("/dev/serial/by-id"), Path("/dev")
SPEEDS = (9600, 19200, 38400, 57600, 115200)
CHUNK, MOST_WAITING, MOST_PORTS = 4096, 4096, 16


class LineError(GloveboxError):
    """A serial line cannot be used; the message says why."""


class SerialLine:
    """An open line, for one holder; another program finds it busy. Methods raise LineError."""

    def __init__(self, path: Path, speed: int) -> None:
        """Open it. Raises LineError, ValueError for a speed that is none of SPEEDS."""
        if speed not in SPEEDS:
            raise ValueError(f"{speed} baud")
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise LineError(_why(path, error)) from error
        self._waiting = bytearray()
        try:
            fcntl.ioctl(self._descriptor, termios.TIOCEXCL)
            _set(self._descriptor, getattr(termios, f"B{speed}"))
        except (OSError, termios.error) as error:
            self.close()
            raise LineError(f"{path.name} is no serial line") from error

    def fileno(self) -> int:
        """Return the descriptor, for select."""
        return self._descriptor

    @property
    def is_waiting(self) -> bool:
        """Whether something typed is not sent yet."""
        return bool(self._waiting)

    def read(self) -> bytes:
        """Return what has come, empty for nothing yet. Raises LineError when the line is gone."""
        try:
            content = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise LineError("the cable was pulled out, or the line has ended") from error
        if not content:
            raise LineError("the cable was pulled out, or the line has ended")
        return content

    def type(self, content: bytes) -> None:
        """Send what was typed, as soon as the line takes it."""
        if len(self._waiting) + len(content) > MOST_WAITING:
            raise LineError("the line takes nothing: what was typed before is not sent yet")
        self._waiting += content
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the line takes it."""
        try:
            with contextlib.suppress(BlockingIOError):
                while self._waiting:
                    del self._waiting[: os.write(self._descriptor, self._waiting)]
        except OSError as error:
            raise LineError("the cable was pulled out, or the line has ended") from error

    def send_break(self) -> None:
        """Hold the line low for a quarter of a second and more."""
        try:
            termios.tcsendbreak(self._descriptor, 0)
        except termios.error as error:
            raise LineError("the line takes no break") from error

    def close(self) -> None:
        """Let the line go."""
        os.close(self._descriptor)


def ports(by_id: Path = BY_ID, devices: Path = DEVICES) -> dict[str, Path]:
    """Return the serial lines at USB, by names that stay when others are plugged in."""
    found = sorted(by_id.iterdir()) if by_id.is_dir() else []
    if not found:
        found = sorted([*devices.glob("ttyUSB*"), *devices.glob("ttyACM*")])
    return {path.name: path for path in found[:MOST_PORTS]}


def _set(descriptor: int, speed: int) -> None:
    attributes = termios.tcgetattr(descriptor)
    # Without HUPCL the router does not see us come and go.
    control = termios.CS8 | termios.CREAD | termios.CLOCAL
    termios.tcsetattr(descriptor, termios.TCSANOW, [0, 0, control, 0, speed, speed, attributes[6]])


def _why(path: Path, error: OSError) -> str:
    if error.errno == errno.EBUSY:
        return f"{path.name} is used by another program"
    return f"{path.name}: {error.strerror}"
