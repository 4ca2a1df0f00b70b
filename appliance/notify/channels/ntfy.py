# SPDX-License-Identifier: MIT
"""A message to a topic at ntfy (docs.ntfy.sh/publish, "Publish as JSON")."""

from __future__ import annotations

import json
from urllib.parse import urlsplit, urlunsplit

from appliance.notify.channels.http_post import HttpAnswer, post
from appliance.notify.message_text import OutgoingMessage
from appliance.notify.outgoing_text import bytes_of, within
from appliance.settings.sections.notify import NotifyChannel

URGENT, PLAIN = 4, 3
# Bytes of a message; what is longer becomes a file, which many servers refuse (message-size-limit).
LONGEST = 4096
TAGS = {"fault": "warning", "recovered": "white_check_mark", "test": "wave"}


def send(channel: NotifyChannel, message: OutgoingMessage) -> HttpAnswer:
    """Publish a message. Raises SendError."""
    parts = urlsplit(channel.to)
    root, _, topic = parts.path.rstrip("/").rpartition("/")
    server = urlunsplit((parts.scheme, parts.netloc, root or "/", "", ""))
    content = {
        "topic": topic,
        "title": message.title,
        "message": within(message.text, LONGEST, bytes_of),
        "priority": URGENT if message.is_urgent else PLAIN,
        "tags": [TAGS.get(message.kind, "shield")],
    }
    headers = {"Content-Type": "application/json"}
    if channel.secret:
        headers["Authorization"] = f"Bearer {channel.secret}"
    # Written out: the whole may have twice as many bytes as the message.
    return post(server, json.dumps(content, ensure_ascii=False).encode(), headers)
