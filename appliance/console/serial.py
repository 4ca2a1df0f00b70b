# SPDX-License-Identifier: MIT
"""A serial line, 8N1 without flow control. Source: termios(3), ioctl_tty(2)."""

from __future__ import annotations

import errno
import fcntl
import functools
import os
import termios
from pathlib import Path

from appliance.console.line import ConsoleLine, LineError

BY_ID, DEVICES = Path("/dev/serial/by-id"), Path("/dev")
SPEEDS = (9600, 19200, 38400, 57600, 115200)
MOST_PORTS = 16
ENDED = "the cable was pulled out, or the line has ended"


def opened(path: Path, speed: int) -> ConsoleLine:
    """Open a line for one holder; another program finds it busy.

    Raises LineError, ValueError for a speed that is none of SPEEDS.
    """
    if speed not in SPEEDS:
        raise ValueError(f"{speed} baud")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise LineError(_why(path, error)) from error
    try:
        fcntl.ioctl(descriptor, termios.TIOCEXCL)
        _set(descriptor, getattr(termios, f"B{speed}"))
    except (OSError, termios.error) as error:
        os.close(descriptor)
        raise LineError(f"{path.name} is no serial line") from error
    hold_low = functools.partial(_hold_low, descriptor)
    return ConsoleLine(descriptor, ENDED, "the line takes nothing", hold_low)


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


def _hold_low(descriptor: int) -> None:
    try:
        termios.tcsendbreak(descriptor, 0)
    except termios.error as error:
        raise LineError("the line takes no break") from error


def _why(path: Path, error: OSError) -> str:
    if error.errno == errno.EBUSY:
        return f"{path.name} is used by another program"
    return f"{path.name}: {error.strerror}"
