# SPDX-License-Identifier: MIT
"""The sender's collectors: what each answered, and no secret of it."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.notify.forward.collector_desk import CollectorDesk
from appliance.notify.send_socket import ForwardBatch, SendAnswer, SendError
from appliance.settings.sections.forward import ForwardTarget
from tests.unit.notify.forward.sample_records import LINES

TARGET = ForwardTarget("loki", "loki", "http://h.example/MARKED-path", "", "MARKED-secret")
BATCH = ForwardBatch("loki", tuple(LINES))


def test_an_answer_is_noted_without_secrets() -> None:
    def hand(target: ForwardTarget, lines: Sequence[str]) -> SendAnswer:
        return SendAnswer(False, f"403 at {target.to} with {target.secret}")

    desk = CollectorDesk([TARGET], hand)
    assert "MARKED" not in desk.answer(BATCH).answer
    (found,) = desk.standing
    assert found.answer.startswith("403 at") and not found.good and found.answered
    assert found.target == "http://h.example" and "MARKED" not in repr(found)


def test_trouble_is_an_answer() -> None:
    def hand(target: ForwardTarget, lines: Sequence[str]) -> SendAnswer:
        raise SendError("refused")

    assert CollectorDesk([TARGET], hand).answer(BATCH) == SendAnswer(False, "refused")
    nonsense = ForwardBatch("loki", ("nonsense",))
    assert CollectorDesk([TARGET]).answer(nonsense).answer == "a batch that is none"
    assert not CollectorDesk().answer(BATCH).good
