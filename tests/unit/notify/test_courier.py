# SPDX-License-Identifier: MIT
"""One message at a time, and always an answer."""

from __future__ import annotations

import threading

from appliance.notify.courier import Courier, Send
from appliance.notify.message_line import MessageDraft
from appliance.notify.send_socket import SendAnswer, SendError, SendQuestion
from tests.unit.notify.sample_news import MESSAGE

QUESTION, DRAFT = SendQuestion("phone", MESSAGE), MessageDraft(counts={"1:1": 1})


def carried(send: Send) -> tuple[MessageDraft, SendAnswer] | None:
    done = threading.Event()
    courier = Courier(send, done.set)
    courier.take(DRAFT, QUESTION)
    assert not courier.is_idle and done.wait(60)
    back = courier.back()
    assert courier.is_idle and courier.back() is None
    return back


def test_the_answer_comes_back_with_what_was_carried() -> None:
    good = SendAnswer(True, "200")
    assert carried(lambda question: good) == (DRAFT, good)


def test_nobody_there_is_an_answer_too() -> None:
    def send(question: SendQuestion) -> SendAnswer:
        raise SendError("gone")

    assert carried(send) == (DRAFT, SendAnswer(False, "gone"))


def test_a_fault_of_ours_does_not_keep_the_channel_waiting() -> None:
    def send(question: SendQuestion) -> SendAnswer:
        raise RuntimeError("a fault")

    assert carried(send) == (DRAFT, SendAnswer(False, "the sending failed"))
