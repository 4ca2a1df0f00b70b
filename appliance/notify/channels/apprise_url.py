# SPDX-License-Identifier: MIT
"""A message through Apprise, which knows more than a hundred services by their addresses.

Only ever imported in the process that sends this one message: it is the library with most of
others' code, and its log may hold secrets, so of that a status alone is looked at.
"""

from __future__ import annotations

import io
import logging
import re

from appliance.notify.message_text import OutgoingMessage
from appliance.notify.send_socket import SendAnswer, SendError
from appliance.settings.sections.notify import NotifyChannel

_STATUS = re.compile(r"error=(\d{3})\b")


def send(channel: NotifyChannel, message: OutgoingMessage) -> SendAnswer:
    """Send a message as plain text. Raises SendError."""
    try:
        import apprise
    except ImportError:
        raise SendError("Apprise is not installed on this machine") from None
    service = apprise.Apprise()
    if not service.add(channel.secret):
        raise SendError("Apprise does not know this address")
    kind = apprise.NotifyType.WARNING if message.is_urgent else apprise.NotifyType.INFO
    logging.disable(logging.INFO)
    # Its own way to a text, apart from all other logging.
    with apprise.LogCapture(level=logging.WARNING) as told:  # type: ignore[no-untyped-call]
        good = service.notify(body=message.text, title=message.title, notify_type=kind,
                              body_format=apprise.NotifyFormat.TEXT)  # fmt: skip
        words = told.getvalue() if isinstance(told, io.StringIO) else ""
    logging.disable(logging.CRITICAL)
    return SendAnswer(bool(good), "taken" if good else _why(words))


def _why(words: str) -> str:
    """Return why it failed, of what Apprise told, without its words."""
    found = _STATUS.search(words)
    if found is not None:
        return f"it answered {found[1]}"
    return "it cannot be reached" if "onnection" in words else "not taken"
