# SPDX-License-Identifier: MIT
"""Sends one message and ends: whatever the other side does, it ends with this process.

`python -m appliance.notify.send_once` reads one line of JSON, `channel` and `message`, and writes
one, `good` and `answer`. Secrets come by that pipe: command lines and environments can be read.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import subprocess
import sys
import threading
from typing import Any

from appliance import shape
from appliance.notify.channel_book import secrets_of
from appliance.notify.message_text import OutgoingMessage
from appliance.notify.outgoing_text import cleaned, without_secrets
from appliance.notify.send_socket import SendAnswer, SendError
from appliance.settings.sections.notify import NotifyChannel
from appliance.settings.tables import section

DEADLINE_S = 30.0
LARGEST_ANSWER = 1 << 14
_FAILED = SendAnswer(False, "the sending process failed")
_LATE = f"it did not answer within {DEADLINE_S:.0f} seconds"


def send_once(
    channel: NotifyChannel, message: OutgoingMessage, deadline_s: float = DEADLINE_S
) -> SendAnswer:
    """Have a process of its own send a message; it is ended where it takes too long."""
    try:
        return _asked(started(), channel, message, deadline_s)
    except OSError:
        return _FAILED


def started() -> subprocess.Popen[bytes]:
    """Start a process that waits for its question. Raises OSError."""
    # -I would leave out the path by which this program was found.
    argv = [sys.executable, "-m", __name__]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)  # fmt: skip


class ReadySender:
    """Keeps one process started ahead, so that a message need not wait for Python to start.

    It knows nothing before its question, and ends when this process does: its pipe is closed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spare: subprocess.Popen[bytes] | None = None

    def send(self, channel: NotifyChannel, message: OutgoingMessage) -> SendAnswer:
        """Send as `send_once` does; the next process is started when the answer is there."""
        with self._lock:
            process, self._spare = self._spare, None
        if process is None or process.poll() is not None:
            answer = send_once(channel, message)
        else:
            answer = _asked(process, channel, message, DEADLINE_S)
        self.get_ready()
        return answer

    def get_ready(self) -> None:
        """Start a process where none waits."""
        with self._lock:
            if self._spare is None or self._spare.poll() is not None:
                with contextlib.suppress(OSError):
                    self._spare = started()

    def close(self) -> None:
        """End the process that waits."""
        with self._lock:
            if self._spare is not None:
                self._spare.kill()
                self._spare.communicate()
                self._spare = None


def _asked(
    process: subprocess.Popen[bytes],
    channel: NotifyChannel,
    message: OutgoingMessage,
    deadline_s: float,
) -> SendAnswer:
    question = {"channel": dataclasses.asdict(channel), "message": shape.to_json(message)}
    with process:
        try:
            said, _ = process.communicate(json.dumps(question).encode(), timeout=deadline_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return SendAnswer(False, _LATE)
    try:
        found = shape.from_json(SendAnswer, json.loads(said[:LARGEST_ANSWER]))
    except ValueError:
        return _FAILED
    return SendAnswer(found.good, cleaned(without_secrets(found.answer, secrets_of(channel))))


def answered(channel: NotifyChannel, message: OutgoingMessage) -> SendAnswer:
    """Send a message in this process. Raises nothing that is the other side's fault."""
    try:
        return _by(channel, message)
    except SendError as error:
        return SendAnswer(False, str(error)[: LARGEST_ANSWER // 4])


def _by(channel: NotifyChannel, message: OutgoingMessage) -> SendAnswer:
    # Each brings libraries of its own, and one of them is wanted.
    if channel.way == "mail":
        from appliance.notify.channels import mail

        return SendAnswer(True, mail.send(channel, message)[: LARGEST_ANSWER // 4])
    if channel.way == "other":
        from appliance.notify.channels import apprise_url

        return apprise_url.send(channel, message)
    if channel.way == "mqtt":
        raise SendError("MQTT needs a connection that stays")
    if channel.way == "ntfy":
        from appliance.notify.channels.ntfy import send
    elif channel.way == "telegram":
        from appliance.notify.channels.telegram import send
    else:
        from appliance.notify.channels.webhook import send
    answer = send(channel, message)
    return SendAnswer(answer.is_good, answer.words)


def main() -> int:
    """Answer the question on stdin; without one, end."""
    # What libraries log may hold an address with its secret.
    logging.disable(logging.CRITICAL)
    # What most ways need, before there is a question.
    from appliance.notify.channels import http_post  # noqa: F401

    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    question: dict[str, Any] = json.loads(line)
    channel = section(NotifyChannel, question["channel"])
    message = shape.from_json(OutgoingMessage, question["message"])
    print(json.dumps(shape.to_json(answered(channel, message))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
