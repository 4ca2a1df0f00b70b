# SPDX-License-Identifier: MIT
"""Keeps the templates on DATA: after a restart data is decoded at once.

They change when a router is set up anew, so the card is written to hardly ever; whoever makes up
templates by the thousand has it written to once in ten minutes.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from appliance import files
from appliance.flows.templates import MOST_BYTES, Templates

FILE = Path("/var/lib/glovebox/flows/templates.json")
# The first change is kept soon, for a router that was just set up; then there is time.
SOON_S, LATER_S = 5.0, 600.0

log = logging.getLogger(__name__)


class TemplateFile:
    """The file in which templates are kept."""

    def __init__(self, templates: Templates, file: Path = FILE) -> None:
        self._templates, self._file = templates, file
        self._kept = templates.changes
        self._due: float | None = None
        self._last: float | None = None
        #: Why they cannot be kept; empty where they can.
        self.error = ""

    def restore(self) -> None:
        """Learn what was kept; a damaged file is told of and left out."""
        try:
            with self._file.open("rb") as stream:
                content = stream.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise ValueError("larger than any file of ours")
            self._templates.restore(content.decode(), time.monotonic())
        except FileNotFoundError:
            pass
        except (OSError, ValueError, RecursionError) as error:
            log.warning("the templates that were kept cannot be read: %.200s", error)
        self._kept = self._templates.changes

    def tick(self, now: float) -> None:
        """Keep them where they changed and it is time; `now` is of a clock that only grows."""
        if self._templates.changes == self._kept:
            return
        if self._due is None:
            soonest = now if self._last is None else self._last + LATER_S - SOON_S
            self._due = max(now, soonest) + SOON_S
        if now >= self._due:
            self.keep(now)

    def keep(self, now: float | None = None) -> None:
        """Keep them now, where they changed. Says in `error` why that cannot be."""
        if self._templates.changes == self._kept:
            return
        self._last, self._due = time.monotonic() if now is None else now, None
        try:
            files.write_durable(self._file, self._templates.to_text(), 0o640)
        except OSError as error:
            self.error = f"the templates cannot be kept: {error.strerror or error}"
            return
        self._kept, self.error = self._templates.changes, ""
