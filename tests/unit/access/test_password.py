# SPDX-License-Identifier: MIT
"""The owner's password."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from appliance.access import password
from appliance.access.password import Password, objection
from appliance.access.vault import Vault
from appliance.settings.password_hash import NOBODY, hashed_password
from appliance.settings.sections.web import WebConfig

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


def test_one_check_is_made_at_a_time(kept: Password, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.set(RIGHT)
    at_once, most, lock = [0], [0], threading.Lock()

    def check(known: str, given: str) -> bool:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        threading.Event().wait(0.01)
        with lock:
            at_once[0] -= 1
        return True

    monkeypatch.setattr(password, "check_password_hash", check)
    threads = [threading.Thread(target=kept.matches, args=(RIGHT,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("1234567", "at least 8"),
        ("x" * 257, "at most 256"),
        ("12345678", "first that anybody"),
        ("a good one", None),
    ],
)
def test_objection_says_what_is_wrong(given: str, words: str | None) -> None:
    found = objection(given)
    assert (found is None) if words is None else (words in (found or ""))
