# SPDX-License-Identifier: MIT
"""A question goes over and an answer comes back, or a plain word."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from appliance.notify import send_socket
from appliance.notify.send_socket import SendAnswer, SendError, SenderTask, SendQuestion
from tests.unit.notify.sample_news import MESSAGE

QUESTION = SendQuestion("phone", MESSAGE)


def test_a_question_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    heard: list[SenderTask] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with listener.accept()[0] as connection:
                heard.append(send_socket.read(connection, SenderTask))
                send_socket.write(connection, SendAnswer(True, "200 OK"))

        thread = threading.Thread(target=serve)
        thread.start()
        assert send_socket.send(QUESTION, path) == SendAnswer(True, "200 OK")
        thread.join()
    assert heard == [SenderTask(message=QUESTION)]


def test_nobody_there_is_a_plain_word(tmp_path: Path) -> None:
    with pytest.raises(SendError, match="does not answer"):
        send_socket.send(QUESTION, tmp_path / "socket")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]\n", b"x" * (send_socket.LARGEST + 1)])
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    here, there = socket.socketpair()
    with here, there:

        def answer() -> None:
            there.sendall(content)
            there.close()

        writer = threading.Thread(target=answer)
        writer.start()
        with pytest.raises(ValueError):
            send_socket.read(here, SendAnswer)
        writer.join()
