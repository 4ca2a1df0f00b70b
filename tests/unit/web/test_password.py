# SPDX-License-Identifier: MIT
"""The owner's password."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.settings.password_hash import NOBODY, hashed_password
from appliance.settings.sections.web import WebConfig
from appliance.web import password
from appliance.web.password import BusyError, Password, objection
from appliance.web.vault import Vault

RIGHT = "correct horse battery"


@pytest.fixture
def kept(tmp_path: Path) -> Password:
    return Password(Vault(tmp_path))


def test_matches_what_was_set_and_nothing_else(kept: Password, tmp_path: Path) -> None:
    assert not kept.is_set
    assert not kept.matches("")
    kept.set(RIGHT)
    assert kept.is_set
    assert kept.matches(RIGHT)
    assert not kept.matches(RIGHT + " ")
    assert Password(Vault(tmp_path)).matches(RIGHT)
    assert RIGHT not in (tmp_path / "password").read_text()


def test_set_refuses_a_second_one(kept: Password) -> None:
    kept.set(RIGHT)
    with pytest.raises(FileExistsError):
        kept.set("another one")
    assert kept.matches(RIGHT)


def test_the_configured_one_stands_above(kept: Password, tmp_path: Path) -> None:
    kept.set("an older one")
    settings = WebConfig(password_hash=hashed_password(RIGHT))
    configured = Password(Vault(tmp_path), settings.password_hash)
    assert configured.matches(RIGHT)
    assert not configured.matches("an older one")


def test_where_the_card_has_a_wrong_one_nobody_gets_in(kept: Password, tmp_path: Path) -> None:
    closed = Password(Vault(tmp_path), NOBODY)
    assert closed.is_set
    assert closed.is_closed
    for tried in ("", NOBODY, "nobody", "0" * 128):
        assert not closed.matches(tried)
    with pytest.raises(FileExistsError):
        closed.set(RIGHT)
    assert not kept.is_set


def test_where_the_card_has_a_wrong_one_that_of_the_page_goes_on(
    kept: Password, tmp_path: Path
) -> None:
    kept.set(RIGHT)
    closed = Password(Vault(tmp_path), NOBODY)
    assert closed.matches(RIGHT)
    assert not closed.is_closed
    assert not closed.is_configured


@pytest.mark.parametrize("content", ["", "rubbish", "scrypt:1:2:3$a$b", "md5$x$y", "a$b$c", "\0"])
def test_a_damaged_one_lets_nobody_in(kept: Password, tmp_path: Path, content: str) -> None:
    (tmp_path / "password").write_text(content)
    assert kept.is_set
    assert not kept.matches(RIGHT)
    with pytest.raises(FileExistsError):
        kept.set(RIGHT)


def test_one_that_cannot_be_read_lets_nobody_in(kept: Password, tmp_path: Path) -> None:
    (tmp_path / "password").mkdir()
    assert kept.is_set
    assert not kept.matches(RIGHT)


def test_checks_do_not_pile_up(kept: Password, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.set(RIGHT)
    entered, leave = threading.Semaphore(0), threading.Event()

    def slow(known: str, given: str) -> bool:
        entered.release()
        leave.wait(60)
        return True

    monkeypatch.setattr(password, "check_password_hash", slow)
    threads = [threading.Thread(target=kept.matches, args=(RIGHT,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    entered.acquire(timeout=60)
    wait_until(lambda: kept._places._value == 0)
    with pytest.raises(BusyError):
        kept.matches(RIGHT)
    leave.set()
    for thread in threads:
        thread.join()
    assert kept.matches(RIGHT)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("given", "words"), [("1234567", "at least 8"), ("x" * 257, "at most 256"), ("12345678", None)]
)
def test_objection_is_about_the_length(given: str, words: str | None) -> None:
    found = objection(given)
    assert (found is None) if words is None else (words in (found or ""))
