# SPDX-License-Identifier: MIT
"""A line to a router in one's own terminal: keys there, and what comes back, byte for byte."""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from appliance.console.line import CHUNK, ConsoleLine, LineError
from appliance.console.lines import ConsoleLines

# At the beginning of a line, as ssh(1) has it: `~.` ends, `~#` sends a break, `~~` is one `~`.
ESCAPE = 0x7E


class Keys:
    """What was typed → what is sent; `ended` and `breaks` are what escapes ask for."""

    def __init__(self) -> None:
        self._begins, self._escaped = True, False
        self.ended, self.breaks = False, 0

    def take(self, typed: bytes) -> bytes:
        """Return what of it is sent."""
        sent = bytearray()
        for key in typed:
            if self.ended:
                break
            sent += self._one(key)
        return bytes(sent)

    def _one(self, key: int) -> bytes:
        if self._escaped:
            self._escaped = False
            return self._after_escape(key)
        if self._begins and key == ESCAPE:
            self._escaped = True
            return b""
        self._begins = key in b"\r\n"
        return bytes((key,))

    def _after_escape(self, key: int) -> bytes:
        if key == ord("."):
            self.ended = True
        elif key == ord("#"):
            self.breaks += 1
        else:
            self._begins = False
            return b"~" if key == ESCAPE else bytes((ESCAPE, key))
        return b""


def run(lines: ConsoleLines, arguments: argparse.Namespace) -> int:
    """Open the line, and be its terminal until it ends. Raises LineError, OSError."""
    try:
        opened = lines.open(arguments.line, arguments.speed, arguments.user)
    except LineError as error:
        known = "; ".join(lines.names()) or "none"
        raise LineError(f"{error}; there are: {known}") from error
    with contextlib.closing(opened), _log(arguments.log) as log, _raw(sys.stdin.fileno()):
        return talk(opened, sys.stdin.fileno(), sys.stdout.fileno(), log)


def talk(line: ConsoleLine, typing: int, showing: int, log: BinaryIO | None = None) -> int:
    """Carry keys to the line and what comes back; return 0 where `~.` ended it, 1 where it did."""
    keys, sources = Keys(), [typing, line.fileno()]
    while not keys.ended:
        writing = [line.fileno()] if line.is_waiting else []
        readable, writable, _ = select.select(sources, writing, [])
        try:
            if writable:
                line.flush()
            if line.fileno() in readable:
                _show(line.read(), showing, log)
            # Whoever does not take it yet is not given more.
            if typing in readable and not line.is_waiting:
                _typed(line, keys, sources, typing)
        except LineError as error:
            print(f"\r\n{error}.\r", file=sys.stderr)
            return 1
    return 0


def _typed(line: ConsoleLine, keys: Keys, sources: list[int], typing: int) -> None:
    octets = os.read(typing, CHUNK // 2)
    if not octets:
        sources.remove(typing)
    if sent := keys.take(octets):
        line.type(sent)
    while keys.breaks:
        keys.breaks -= 1
        line.send_break()


def _show(content: bytes, showing: int, log: BinaryIO | None) -> None:
    while content:
        done = os.write(showing, content)
        if log is not None:
            log.write(content[:done])
        content = content[done:]


@contextlib.contextmanager
def _log(path: Path | None) -> Iterator[BinaryIO | None]:
    if path is None:
        yield None
        return
    with path.open("xb") as log:
        yield log


@contextlib.contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    """Let each key through as it is, where it comes from a terminal."""
    if not os.isatty(descriptor):
        yield
        return
    before = termios.tcgetattr(descriptor)
    tty.setraw(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
