# SPDX-License-Identifier: MIT
"""An open line to a router: what comes is read, what was typed is sent, and nothing else ever.

Any key during a RouterBOARD's start stops it in a menu (RouterOS manual, RouterBOOT): so no line is
begun with a key, and no question of a terminal is answered.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from appliance.errors import GloveboxError

# Enough for a whole set-up block that is pasted at once.
CHUNK, MOST_WAITING = 4096, 65536


class LineError(GloveboxError):
    """A line cannot be used, or has ended; the message says why."""


class ConsoleLine:
    """A line over `descriptor`, which does not block. Several methods raise LineError.

    `ended` are the words for a line that is gone, `stalled` for a far end that takes nothing. What
    only a serial line has is `hold_low`, its break.
    """

    def __init__(
        self,
        descriptor: int,
        ended: str,
        stalled: str,
        hold_low: Callable[[], None] | None = None,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        """Take over the descriptor; `end` is called after it was closed."""
        self._descriptor, self._ended, self._stalled = descriptor, ended, stalled
        self._hold_low, self._end = hold_low, end
        self._waiting = bytearray()

    def fileno(self) -> int:
        """Return the descriptor, for select."""
        return self._descriptor

    @property
    def has_break(self) -> bool:
        """Whether it is a serial line, which can be held low."""
        return self._hold_low is not None

    @property
    def is_waiting(self) -> bool:
        """Whether something typed is not sent yet."""
        return bool(self._waiting)

    def read(self) -> bytes:
        """Return what has come, empty for nothing yet. Raises LineError when the line is gone."""
        try:
            content = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            # EIO: nobody has the other end of a terminal any more (pty(7)).
            raise LineError(self._ended) from error
        if not content:
            raise LineError(self._ended)
        return content

    def type(self, content: bytes) -> None:
        """Send what was typed, as soon as the line takes it. Raises LineError for too much."""
        if len(self._waiting) + len(content) > MOST_WAITING:
            raise LineError(f"{self._stalled}: what was typed before is not sent yet")
        self._waiting += content
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the line takes it."""
        try:
            with contextlib.suppress(BlockingIOError):
                while self._waiting:
                    del self._waiting[: os.write(self._descriptor, self._waiting)]
        except OSError as error:
            raise LineError(self._ended) from error

    def send_break(self) -> None:
        """Hold a serial line low for a quarter of a second and more."""
        if self._hold_low is None:
            raise LineError("only a serial line has a break")
        self._hold_low()

    def close(self) -> None:
        """Let the line go."""
        os.close(self._descriptor)
        self._end()
