# SPDX-License-Identifier: MIT
"""A message to a chat at Telegram (core.telegram.org/bots/api#sendmessage)."""

from __future__ import annotations

import json

from appliance.notify.channels.http_post import HttpAnswer, post
from appliance.notify.message_text import OutgoingMessage
from appliance.notify.outgoing_text import units_of, within
from appliance.settings.sections.notify import NotifyChannel

SERVER = "https://api.telegram.org"
LONGEST = 4096


def send(channel: NotifyChannel, message: OutgoingMessage) -> HttpAnswer:
    """Send a message as plain text: without `parse_mode` nothing in it is markup.

    Raises SendError.
    """
    content = {
        "chat_id": channel.to,
        "text": within(f"{message.title}\n{message.text}", LONGEST, units_of),
        "link_preview_options": {"is_disabled": True},
        "disable_notification": not message.is_urgent,
    }
    url = f"{(channel.server or SERVER).rstrip('/')}/bot{channel.secret}/sendMessage"
    return post(url, json.dumps(content).encode(), {"Content-Type": "application/json"})
