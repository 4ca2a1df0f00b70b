# SPDX-License-Identifier: MIT
"""A message as JSON to an address of the owner's choice."""

from __future__ import annotations

import dataclasses
import json

from appliance.notify.channels.http_post import HttpAnswer, post
from appliance.notify.message_text import OutgoingMessage
from appliance.notify.outgoing_text import units_of, within
from appliance.settings.sections.notify import NotifyChannel

# Discord refuses more in this field (docs.discord.com, "Execute Webhook").
LONGEST_CONTENT = 2000


def send(channel: NotifyChannel, message: OutgoingMessage) -> HttpAnswer:
    """POST a message; `text` and `content` are where chats look for it. Raises SendError."""
    said = f"{message.title}\n{message.text}"
    content = {**dataclasses.asdict(message), "message": message.text, "text": said}
    content["content"] = within(said, LONGEST_CONTENT, units_of)
    headers = {"Content-Type": "application/json"}
    if channel.secret:
        headers["Authorization"] = f"Bearer {channel.secret}"
    return post(channel.to, json.dumps(content).encode(), headers)
