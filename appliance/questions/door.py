# SPDX-License-Identifier: MIT
"""How a question gets to a process of its own, and the answer back: one line of JSON each."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.questions.answers import NARROW, FlowAnswer, UnansweredError
from appliance.questions.printed import text

SOCKET = Path("/run/glovebox-questions.sock")
MOST_ASKED, MOST_ANSWERED = 64 << 10, 16 << 20
# One question is answered at a time; the next one waits so long for its turn.
PATIENCE_S, PAUSE_S = 8.0, 0.25
TIMEOUT_S = 45.0


@dataclass(frozen=True)
class Asked:
    """Statements over the flows of a time (seconds since the epoch), in a zone."""

    statements: tuple[str, ...]
    begin: int = 0
    end: int = 1 << 40
    zone: str = "UTC"


@dataclass(frozen=True)
class Answered:
    """An answer for each statement; `remark` says what is missing, `files` how many were asked."""

    answers: tuple[FlowAnswer, ...]
    files: int
    remark: str = ""


def ask(asked: Asked, path: Path = SOCKET) -> Answered:
    """Have a question answered. Raises UnansweredError."""
    line = _asked_line(asked)
    until = time.monotonic() + PATIENCE_S
    while not (found := _exchange(line, path)):
        if time.monotonic() >= until:
            raise UnansweredError("Another question is being answered. Try again in a moment.")
        time.sleep(PAUSE_S)
    return _answered(found)


def _exchange(line: bytes, path: Path) -> bytes:
    """Return the answer, nothing where the door was shut at once: somebody else is inside."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
        end.settimeout(TIMEOUT_S)
        begun = time.monotonic()
        try:
            end.connect(str(path))
            end.sendall(line)
            found = _read(end, MOST_ANSWERED)
        except (FileNotFoundError, ConnectionRefusedError):
            raise UnansweredError("Questions cannot be asked now: nothing answers.") from None
        except (ConnectionError, BrokenPipeError):
            found = b""
        except OSError:
            raise UnansweredError(f"There was no answer in time. {NARROW}") from None
    if not found and time.monotonic() - begun > 1.0:
        # It had begun, and was ended from outside: by its limit of memory or of time.
        raise UnansweredError(f"That took more memory or time than there is. {NARROW}")
    return found


def _read(end: socket.socket, most: int) -> bytes:
    parts = []
    size = 0
    while part := end.recv(1 << 16):
        parts.append(part)
        size += len(part)
        if size > most:
            raise UnansweredError("The answer is too long.")
    return b"".join(parts)


def _asked_line(asked: Asked) -> bytes:
    line = json.dumps(
        {"statements": asked.statements, "begin": asked.begin, "end": asked.end,
         "zone": asked.zone}
    ).encode()  # fmt: skip
    if len(line) >= MOST_ASKED:
        raise UnansweredError("The question is too long.")
    return line + b"\n"


def asked_of(line: bytes) -> Asked:
    """Read a question. Raises UnansweredError."""
    try:
        found = json.loads(line)
        statements = tuple(str(each) for each in found["statements"])
        return Asked(statements, int(found["begin"]), int(found["end"]), str(found["zone"]))
    except (ValueError, KeyError, TypeError):
        raise UnansweredError("That is no question.") from None


def answered_line(answered: Answered) -> bytes:
    """Write an answer; what JSON has no words for becomes text."""
    return json.dumps(
        {
            "answers": [
                {"columns": each.columns, "rows": [_cells(row) for row in each.rows],
                 "cut": each.cut}
                for each in answered.answers
            ],
            "files": answered.files,
            "remark": answered.remark,
        }
    ).encode()  # fmt: skip


def refused_line(error: UnansweredError) -> bytes:
    """Write why a question is not answered."""
    return json.dumps({"error": str(error)}).encode()


def _cells(row: Sequence[Any]) -> list[Any]:
    return [each if isinstance(each, int | str | None) else text(each) for each in row]


def _answered(content: bytes) -> Answered:
    try:
        found: Mapping[str, Any] = json.loads(content)
        if "error" in found:
            raise UnansweredError(str(found["error"]))
        answers = tuple(
            FlowAnswer(tuple(map(str, each["columns"])), tuple(map(tuple, each["rows"])),
                       bool(each["cut"]))
            for each in found["answers"]
        )  # fmt: skip
        return Answered(answers, int(found["files"]), str(found["remark"]))
    except (ValueError, KeyError, TypeError):
        raise UnansweredError("The answer cannot be read.") from None
