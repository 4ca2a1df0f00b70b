# SPDX-License-Identifier: MIT
"""Questions through the door, and what stands in the way in words."""

from __future__ import annotations

import json
import socket
import threading
from datetime import datetime
from pathlib import Path

import pytest

from appliance.questions import door
from appliance.questions.answers import FlowAnswer, UnansweredError
from appliance.questions.door import Answered, Asked, answered_line, asked_of
from tests.unit.questions.asking import answering
from tests.unit.questions.kept import keep


@pytest.mark.slow
def test_a_question_is_answered(tmp_path: Path) -> None:
    every = keep(tmp_path)
    with answering(tmp_path / "door", tmp_path):
        found = door.ask(Asked(("SELECT count(*) AS n FROM flows", "SELECT 1")), tmp_path / "door")
        assert found.answers[0] == FlowAnswer(("n",), ((len(every),),))
        assert (found.files, found.remark, len(found.answers)) == (3, "", 2)
        with pytest.raises(UnansweredError, match="nothing else"):
            door.ask(Asked(("DROP VIEW flows",)), tmp_path / "door")


def test_where_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(UnansweredError, match="nothing answers"):
        door.ask(Asked(("SELECT 1",)), tmp_path / "none")


def test_a_door_that_is_shut_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As systemd does while another question is being answered."""
    monkeypatch.setattr(door, "PAUSE_S", 0.0)
    said = answered_line(Answered((), 7))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "door"))
        listener.listen()

        def serve() -> None:
            for reply in (b"", b"", said):
                end, _ = listener.accept()
                with end:
                    if reply:
                        end.recv(door.MOST_ASKED)
                        end.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        assert door.ask(Asked(("SELECT 1",)), tmp_path / "door").files == 7
        thread.join(60)


def test_patience_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "PATIENCE_S", -1.0)
    monkeypatch.setattr(door, "_exchange", lambda line, path: b"")
    with pytest.raises(UnansweredError, match="Another question"):
        door.ask(Asked(("SELECT 1",)), tmp_path / "door")


@pytest.mark.parametrize("line", [b"", b"x", b"[]", b"{}", b'{"statements": 5}', b"\xff", b"null"])
def test_what_is_no_question(line: bytes) -> None:
    with pytest.raises(UnansweredError):
        asked_of(line)


@pytest.mark.parametrize("content", [b"x", b"{}", b"[]", b'{"answers": [1], "files": 1}'])
def test_what_is_no_answer(content: bytes) -> None:
    with pytest.raises(UnansweredError):
        door._answered(content)


def test_a_question_has_a_length() -> None:
    with pytest.raises(UnansweredError, match="too long"):
        door._asked_line(Asked(("x" * door.MOST_ASKED,)))


def test_cells_become_what_json_has() -> None:
    row = (None, 1 << 100, "a\nb", datetime(2026, 11, 30, 12), 1.5, b"x", [1], True)
    line = answered_line(Answered((FlowAnswer(("a",), (row,)),), 1))
    assert json.loads(line)["answers"][0]["rows"] == [
        [None, 1 << 100, "a\nb", "2026-11-30 12:00:00", "1.500", "b'x'", "[1]", True]
    ]
