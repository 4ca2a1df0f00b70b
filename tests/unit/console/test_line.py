# SPDX-License-Identifier: MIT
"""An open line, whatever is at its end: what is typed is sent, once and in order."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from appliance.console.line import MOST_WAITING, ConsoleLine, LineError


@pytest.fixture
def ends() -> Iterator[tuple[ConsoleLine, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        yield ConsoleLine(ours.detach(), "it has ended", "it takes nothing"), theirs


def test_it_carries_both_ways(ends: tuple[ConsoleLine, socket.socket]) -> None:
    line, theirs = ends
    assert line.read() == b""
    theirs.send(b"\x1b[6n")
    assert line.read() == b"\x1b[6n"
    line.type(b"admin\r")
    assert theirs.recv(100) == b"admin\r" and not line.is_waiting
    line.close()


def test_what_is_not_taken_waits_and_comes_in_order(
    ends: tuple[ConsoleLine, socket.socket],
) -> None:
    line, theirs = ends
    typed = b""
    while not line.is_waiting:
        typed += (piece := bytes([len(typed) % 251]) * 5000)
        line.type(piece)
    found = b""
    while len(found) < len(typed):
        found += theirs.recv(65536)
        line.flush()
    assert found == typed and not line.is_waiting
    line.close()


def test_too_much_is_refused_whole(ends: tuple[ConsoleLine, socket.socket]) -> None:
    line, _ = ends
    with pytest.raises(LineError, match="it takes nothing: what was typed"):
        line.type(b"x" * (MOST_WAITING + 1))
    assert not line.is_waiting
    line.close()


def test_the_end_is_told_in_its_words(ends: tuple[ConsoleLine, socket.socket]) -> None:
    line, theirs = ends
    theirs.close()
    with pytest.raises(LineError, match="it has ended"):
        line.read()
    with pytest.raises(LineError, match="it has ended"):
        line.type(b"x")
    line.close()


def test_only_a_line_that_can_be_held_low_has_a_break() -> None:
    held: list[str] = []
    for hold in (None, lambda: held.append("low")):
        reads, writes = os.pipe()
        line = ConsoleLine(reads, "", "", hold, lambda: held.append("closed"))
        assert line.has_break == (hold is not None)
        if hold is None:
            with pytest.raises(LineError, match="break"):
                line.send_break()
        else:
            line.send_break()
        line.close()
        os.close(writes)
    assert held == ["closed", "low", "closed"]
