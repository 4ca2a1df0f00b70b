# SPDX-License-Identifier: MIT
"""Carries one message at a time for one channel: while it is under way, all others go on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from appliance.notify.message_line import MessageDraft
from appliance.notify.send_socket import SendAnswer, SendError, SendQuestion

log = logging.getLogger(__name__)

Send = Callable[[SendQuestion], SendAnswer]


class Courier:
    """Knows whether its last message is back, and what was answered."""

    def __init__(self, send: Send, done: Callable[[], None]) -> None:
        """Take what sends, blocking, and what is called whenever an answer is there."""
        self._send, self._done = send, done
        self._draft: MessageDraft | None = None
        self._answer: SendAnswer | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it can take a message."""
        return self._draft is None

    def take(self, draft: MessageDraft, question: SendQuestion) -> None:
        """Begin to carry a message."""
        self._draft, self._answer = draft, None
        threading.Thread(target=self._carry, args=(question,), daemon=True).start()

    def back(self) -> tuple[MessageDraft, SendAnswer] | None:
        """Return once what was carried, and the answer; None while there is none."""
        draft, answer = self._draft, self._answer
        if draft is None or answer is None:
            return None
        self._draft = self._answer = None
        return draft, answer

    def _carry(self, question: SendQuestion) -> None:
        try:
            self._answer = self._send(question)
        except SendError as error:
            self._answer = SendAnswer(False, str(error))
        except Exception:  # A fault of ours: without an answer the channel would wait for ever.
            log.exception("a message could not be sent")
            self._answer = SendAnswer(False, "the sending failed")
        self._done()
