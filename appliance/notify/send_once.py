# SPDX-License-Identifier: MIT
"""Sends one message and ends: whatever the other side does, it ends with this process.

`python -m appliance.notify.send_once` reads one line of JSON, `channel` and `message`, and writes
one, `good` and `answer`. Secrets come by that pipe: command lines and environments can be read.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import subprocess
import sys
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
_LATE = f"it did not answer within {DEADLINE_S:.0f} seconds"


def send_once(
    channel: NotifyChannel, message: OutgoingMessage, deadline_s: float = DEADLINE_S
) -> SendAnswer:
    """Have a process of its own send a message; it is ended where it takes too long."""
    question = {"channel": dataclasses.asdict(channel), "message": shape.to_json(message)}
    # -I would leave out the path by which this program was found.
    argv = [sys.executable, "-m", __name__]
    try:
        done = subprocess.run(argv, input=json.dumps(question).encode(), timeout=deadline_s,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=True)  # fmt: skip
        found = shape.from_json(SendAnswer, json.loads(done.stdout[:LARGEST_ANSWER]))
    except subprocess.TimeoutExpired:
        return SendAnswer(False, _LATE)
    except (subprocess.CalledProcessError, OSError, ValueError):
        return SendAnswer(False, "the sending process failed")
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
    """Answer the question on stdin."""
    # What libraries log may hold an address with its secret.
    logging.disable(logging.CRITICAL)
    question: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    channel = section(NotifyChannel, question["channel"])
    message = shape.from_json(OutgoingMessage, question["message"])
    print(json.dumps(shape.to_json(answered(channel, message))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
