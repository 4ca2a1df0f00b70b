# SPDX-License-Identifier: MIT
"""The collectors as the sender knows them, and what each answered last."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from appliance.notify.channel_book import secrets_within
from appliance.notify.forward.collectors import hand_over
from appliance.notify.outgoing_text import cleaned, without_secrets
from appliance.notify.send_socket import ForwardBatch, SendAnswer, SendError
from appliance.reports.notify import CollectorStanding
from appliance.settings.sections.forward import ForwardTarget

log = logging.getLogger(__name__)

HandOver = Callable[[ForwardTarget, Sequence[str]], SendAnswer]


class CollectorDesk:
    """Hands batches over. Several threads may use it."""

    def __init__(self, targets: Sequence[ForwardTarget] = (), hand: HandOver = hand_over) -> None:
        """Take the collectors of the settings."""
        self._targets = {each.name: each for each in targets}
        self._hand = hand
        self._standing = {
            each.name: CollectorStanding(each.name, each.way, _host(each)) for each in targets
        }
        self._lock = threading.Lock()

    def answer(self, batch: ForwardBatch) -> SendAnswer:
        """Hand a batch over, and note what came of it."""
        target = self._targets.get(batch.collector)
        if target is None:
            return SendAnswer(False, "there is no such collector")
        answer = self._answered(target, batch.lines)
        words = cleaned(without_secrets(answer.answer, (target.secret, *secrets_within(target.to))))
        with self._lock:
            before = self._standing[target.name]
            self._standing[target.name] = replace(
                before, answered=time.time(), answer=words, good=answer.good
            )
        return SendAnswer(answer.good, words)

    def _answered(self, target: ForwardTarget, lines: Sequence[str]) -> SendAnswer:
        try:
            return self._hand(target, lines)
        except SendError as error:
            return SendAnswer(False, str(error))
        except (ValueError, KeyError, TypeError) as error:
            # Its words might hold what was to be sent.
            log.error("%s: a batch that is none: %s", target.name, type(error).__name__)
            return SendAnswer(False, "a batch that is none")

    @property
    def standing(self) -> tuple[CollectorStanding, ...]:
        """How each collector stands."""
        with self._lock:
            return tuple(self._standing.values())


def _host(target: ForwardTarget) -> str:
    parts = target.address
    return f"{parts.scheme}://{parts.hostname}" if parts is not None else ""
