# SPDX-License-Identifier: MIT
"""What all channels have still to tell, on the card: whole or as it was, whenever the power goes.

Up to where the alerts were looked at stands in the same file as what is to be told of them, so a
file of before loses nothing: the store is asked again for what came since.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from appliance import files, shape
from appliance.notify.alert_totals import SeenTotals
from appliance.notify.message_line import MessageLine

FOLDER = Path("/var/lib/glovebox/notify")
NAME = "lines.json"
LARGEST = 8 << 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NotifyBook:
    """All lines by the name of their channel; `seen` is None before the first look at the store."""

    seen: SeenTotals | None = None
    lines: Mapping[str, MessageLine] = field(default_factory=dict)


def read(folder: Path) -> NotifyBook:
    """Return what was kept; an empty book where there is none, or none that can be read."""
    try:
        with (folder / NAME).open("rb") as stream:
            return shape.from_json(NotifyBook, json.loads(stream.read(LARGEST)))
    except FileNotFoundError:
        return NotifyBook()
    except (OSError, ValueError, RecursionError) as error:
        log.error("what was still to be told cannot be read: %.100s", error)
        return NotifyBook()


def keep(book: NotifyBook, folder: Path) -> None:
    """Write the book. Raises OSError."""
    text = json.dumps(shape.to_json(book), separators=(",", ":"), ensure_ascii=False)
    files.write_durable(folder / NAME, text + "\n", 0o600)
