# SPDX-License-Identifier: MIT
"""A serial line carries what is typed and nothing else; a pair of terminals is the cable."""

from __future__ import annotations

import contextlib
import os
import termios
from pathlib import Path

import pytest

from appliance.console import serial
from appliance.console.line import MOST_WAITING, LineError
from tests.unit.console.conftest import Cable


def test_what_is_typed_arrives_and_what_comes_is_read(cable: Cable) -> None:
    opened = serial.opened(cable.path, 115200)
    assert opened.read() == b"" and cable.hears_nothing()
    cable.says(b"\x1b[6n login: \xff")
    assert opened.read() == b"\x1b[6n login: \xff"
    # The question of a terminal gets no answer.
    assert cable.hears_nothing()
    opened.type(b"admin\r\x03")
    assert cable.hears(7) == b"admin\r\x03"
    opened.send_break()
    opened.close()
    assert cable.hears_nothing()


def test_the_line_is_raw_and_fast_enough(cable: Cable) -> None:
    opened = serial.opened(cable.path, 9600)
    iflag, oflag, cflag, lflag, _, speed, _ = termios.tcgetattr(opened.fileno())
    assert (iflag, oflag, lflag, speed) == (0, 0, 0, termios.B9600)
    assert cflag & termios.CLOCAL and not cflag & (termios.CRTSCTS | termios.HUPCL | termios.PARENB)
    opened.close()
    with pytest.raises(ValueError, match="baud"):
        serial.opened(cable.path, 12345)


def test_a_cable_that_is_pulled_out_is_told(cable: Cable) -> None:
    opened = serial.opened(cable.path, 115200)
    cable.pull()
    with pytest.raises(LineError, match="pulled"):
        opened.read()
    opened.close()


def test_a_line_that_takes_nothing_is_told(cable: Cable) -> None:
    opened = serial.opened(cable.path, 115200)
    with pytest.raises(LineError, match="takes nothing"):
        for _ in range(100):
            opened.type(b"x" * MOST_WAITING)
    assert opened.is_waiting
    opened.close()


def test_a_line_has_one_holder(cable: Cable) -> None:
    """Root alone may open a line that is held (ioctl_tty(2), TIOCEXCL), and the service is none."""
    opened = serial.opened(cable.path, 115200)
    os.chmod(cable.path, 0o666)
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            if os.geteuid() == 0:
                os.setuid(65534)
            try:
                serial.opened(cable.path, 115200)
            except LineError as error:
                status = 0 if "another program" in str(error) else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    opened.close()


def test_what_is_no_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, words in (("file", "no serial line"), ("none", "No such file")):
        with pytest.raises(LineError, match=words):
            serial.opened(tmp_path / name, 115200)


def test_lines_are_found_by_names_that_stay(tmp_path: Path) -> None:
    by_id, devices = tmp_path / "by-id", tmp_path / "dev"
    devices.mkdir()
    for name in ("ttyUSB0", "ttyACM1", "ttyS0", "sda"):
        (devices / name).touch()
    assert list(serial.ports(by_id, devices)) == ["ttyACM1", "ttyUSB0"]
    by_id.mkdir()
    (by_id / "usb-FTDI-port0").touch()
    assert serial.ports(by_id, devices) == {"usb-FTDI-port0": by_id / "usb-FTDI-port0"}
