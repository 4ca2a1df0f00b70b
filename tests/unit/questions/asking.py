# SPDX-License-Identifier: MIT
"""Answers questions at a socket, as systemd has the service do it: one connection at a time."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from appliance.questions import door, service


@contextlib.contextmanager
def answering(path: Path, folder: Path) -> Iterator[None]:
    """Answer at `path` over the files of a folder, until the block ends."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=_serve, args=(listener, folder))
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(60)


def _serve(listener: socket.socket, folder: Path) -> None:
    while True:
        try:
            end, _ = listener.accept()
        except OSError:
            return
        with end, end.makefile("rwb") as stream, contextlib.suppress(OSError):
            line = stream.readline(door.MOST_ASKED + 1)
            stream.write(service.reply(line, folder, folder / "checked.json"))
            stream.flush()
