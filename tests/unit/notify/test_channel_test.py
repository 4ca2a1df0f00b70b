# SPDX-License-Identifier: MIT
"""A test from a terminal, with the other side's answer."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import GloveboxError
from appliance.notify import channel_test, wishes
from appliance.notify.wishes import NotifyWish, NotifyWishKind
from tests.unit.notify.test_send_service import until
from tests.unit.reports.test_notify import CHANNEL, SENDER


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "wishes").mkdir()
    SENDER.publish(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(("good", "status"), [(True, 0), (False, 1)])
def test_the_answer_is_shown(
    folder: Path, good: bool, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[NotifyWish] = []

    def serve() -> None:
        inbox = wishes.inbox(folder / "wishes")

        def is_asked() -> bool:
            taken.extend(inbox.take())
            return bool(taken)

        until(is_asked, "it is asked")
        told = replace(CHANNEL, good=good, answer="their words", tested=time.time())
        replace(SENDER, channels=(told,)).publish(folder)

    thread = threading.Thread(target=serve)
    thread.start()
    assert channel_test.run("phone", folder / "wishes", folder) == status
    thread.join()
    assert taken == [NotifyWish(NotifyWishKind.TEST, "phone")]
    assert "their words" in "".join(capsys.readouterr())


def test_what_is_not_there_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(GloveboxError, match="there are: phone"):
        channel_test.run("other", folder / "wishes", folder)
    with pytest.raises(GloveboxError, match="no channel"):
        channel_test.run("phone", folder / "wishes", folder / "wishes")


@pytest.mark.slow
def test_a_sender_that_is_silent_is_told(folder: Path) -> None:
    with pytest.raises(GloveboxError, match="does not answer"):
        channel_test.run("phone", folder / "wishes", folder, 0.1)
