# SPDX-License-Identifier: MIT
"""How messages get from who writes them to who sends them: a question and an answer by a socket.

Each connection is one question, a line of JSON, and one answer. Who writes messages knows alerts
and no secret, and reaches nobody; who sends them knows the secrets and no alert beyond these.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from appliance import shape
from appliance.errors import GloveboxError
from appliance.notify.message_text import OutgoingMessage

FOLDER = Path("/run/glovebox-notify-send")
SOCKET = FOLDER / "socket"
LARGEST = 1 << 18
# Longer than any sending takes before it is ended.
PATIENCE_S = 60.0

T = TypeVar("T")


class SendError(GloveboxError):
    """A message was not sent; the message says why in plain words."""


@dataclass(frozen=True, slots=True)
class SendQuestion:
    """A message for a channel."""

    channel: str
    message: OutgoingMessage


@dataclass(frozen=True, slots=True)
class ForwardBatch:
    """Alerts for a collector, each a line of EVE."""

    collector: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SenderTask:
    """What is asked of the sender: one of both."""

    message: SendQuestion | None = None
    batch: ForwardBatch | None = None


@dataclass(frozen=True, slots=True)
class SendAnswer:
    """What became of it: `answer` is the other side's, or why there was none."""

    good: bool
    answer: str


def send(
    question: SendQuestion | ForwardBatch, path: Path = SOCKET, patience_s: float = PATIENCE_S
) -> SendAnswer:
    """Have a message or a batch sent. Raises SendError where nobody answers."""
    if isinstance(question, ForwardBatch):
        task = SenderTask(batch=question)
    else:
        task = SenderTask(message=question)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(patience_s)
            connection.connect(str(path))
            write(connection, task)
            return read(connection, SendAnswer)
    except (OSError, ValueError) as error:
        raise SendError(f"the sender does not answer: {error}") from error


def write(connection: socket.socket, value: object) -> None:
    """Write one value. Raises OSError."""
    connection.sendall(json.dumps(shape.to_json(value)).encode() + b"\n")


def read(connection: socket.socket, kind: type[T]) -> T:
    """Read one value of a type. Raises OSError, and ValueError for anything else."""
    content = b""
    while not content.endswith(b"\n"):
        piece = connection.recv(LARGEST)
        content += piece
        if not piece or len(content) > LARGEST:
            raise ValueError("an incomplete message")
    return shape.from_json(kind, json.loads(content))
