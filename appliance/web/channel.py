# SPDX-License-Identifier: MIT
"""Connections that cannot be used to shut others out: slow clients give way.

waitress closes what is silent, but not who sends a byte now and then; and when it has as many
connections as it takes, it accepts no more. Here a request must be complete in time, and where all
places are taken, whoever has waited longest without a complete request loses its own.
"""

from __future__ import annotations

import time
from typing import Any

from waitress.channel import HTTPChannel

REQUEST_SECONDS = 10.0  # from its first byte to its last
MOST = 256  # connections; a browser opens six


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection. All but the serving of a request happens in waitress's main thread."""

    def __init__(self, server: Any, *arguments: Any, **keywords: Any) -> None:
        self.waits_since = time.monotonic()
        super().__init__(server, *arguments, **keywords)
        make_room(server.active_channels)

    def received(self, data: bytes) -> bool:
        """Take in what came; close the connection where its request takes too long."""
        now = time.monotonic()
        if self.request is None:
            self.waits_since = now
        elif now - self.waits_since > REQUEST_SECONDS:
            self.handle_close()
            return False
        return bool(super().received(data))


def make_room(channels: dict[int, Channel]) -> None:
    """Close the connection that has waited longest, if there are too many."""
    if len(channels) > MOST:
        idle = [channel for channel in channels.values() if not channel.requests]
        if idle:
            min(idle, key=lambda channel: channel.waits_since).handle_close()


def install(server: Any) -> None:
    """Have a server of waitress, which may be several in one, make its connections of this kind."""
    for each in (server, *getattr(server, "map", {}).values()):
        if hasattr(each, "channel_class"):
            each.channel_class = Channel
