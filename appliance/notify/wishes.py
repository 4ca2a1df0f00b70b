# SPDX-License-Identifier: MIT
"""What the page asks of the sender: to set a channel up, to forget one, to test one.

A wish may hold a secret. It lies in a folder that the page and the sender alone may read, in
memory, until the sender takes it.
"""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass, field
from pathlib import Path

from appliance.notify.send_socket import FOLDER
from appliance.requests import Inbox

WISHES = Path(os.environ.get("GLOVEBOX_NOTIFY_REQUESTS", FOLDER / "wishes"))


class NotifyWishKind(enum.Enum):
    """What may be asked for."""

    PUT = "put"
    REMOVE = "remove"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class NotifyWish:
    """A wish about the channel `name`; PUT brings the values of its fields."""

    kind: NotifyWishKind
    name: str
    fields: dict[str, str] = field(default_factory=dict, repr=False)


def inbox(folder: Path = WISHES) -> Inbox[NotifyWish]:
    """Return the inbox, for both sides."""
    return Inbox(folder, NotifyWish)
