# SPDX-License-Identifier: MIT
"""The page's secrets on disk."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import files
from appliance.access.vault import Vault


@pytest.fixture
def kept(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "web")


def test_vault_makes_its_directory_for_itself_alone(kept: Vault) -> None:
    assert stat.S_IMODE(kept.directory.stat().st_mode) == 0o700


def test_password_hash_is_kept_and_for_the_page_alone(kept: Vault) -> None:
    assert kept.password_hash() is None
    kept.set_password_hash("scrypt:…")
    assert Vault(kept.directory).password_hash() == "scrypt:…"
    assert stat.S_IMODE((kept.directory / "password").stat().st_mode) == 0o600


def test_password_hash_is_set_once(kept: Vault) -> None:
    kept.set_password_hash("first")
    with pytest.raises(FileExistsError):
        kept.set_password_hash("second")
    assert kept.password_hash() == "first"


def test_password_hash_is_set_by_one_of_many_at_once(kept: Vault) -> None:
    done: list[str] = []

    def set_one(name: str) -> None:
        try:
            kept.set_password_hash(name)
            done.append(name)
        except FileExistsError:
            pass

    threads = [threading.Thread(target=set_one, args=(str(number),)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [kept.password_hash()]


def test_nothing_half_written_is_left(kept: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        kept.set_password_hash("hash")
    assert list(kept.directory.iterdir()) == []


def test_each_write_reaches_the_card_before_it_counts(
    kept: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def recorded(name: str, real: Callable[..., None]) -> Callable[..., None]:
        def call(*given: object) -> None:
            calls.append(name)
            real(*given)

        return call

    for name in ("fsync", "link"):
        monkeypatch.setattr(os, name, recorded(name, getattr(os, name)))
    kept.set_password_hash("hash")
    assert calls == ["fsync", "link", "fsync"]


@pytest.mark.parametrize("made", [Vault.token, Vault.session_key])
def test_secrets_are_made_once(kept: Vault, made: Callable[[Vault], str]) -> None:
    first = made(kept)
    assert len(first) >= 40
    assert made(Vault(kept.directory)) == first
    assert made(Vault(kept.directory.parent / "other")) != first


def test_renewed_key_is_another_and_stays(kept: Vault) -> None:
    first = kept.session_key()
    second = kept.renew_session_key()
    assert first != second == kept.session_key()


def test_secrets_are_in_memory_where_nothing_can_be_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nowhere = Vault(Path("/proc/nowhere"))
    assert len(nowhere.token()) >= 40
    assert len(nowhere.renew_session_key()) >= 40
    assert "in memory only" in caplog.text
    with pytest.raises(OSError):
        nowhere.set_password_hash("hash")


def test_another_password_ends_what_was_bound_to_the_old_one(kept: Vault) -> None:
    assert not kept.bind("first")
    made = [kept.session_key(), kept.browser_key(), kept.token()]
    assert not kept.bind("first")
    assert [kept.session_key(), kept.browser_key(), kept.token()] == made
    assert Vault(kept.directory).bind("second")
    later = [kept.session_key(), kept.browser_key(), kept.token()]
    assert not set(made) & set(later)


def test_the_first_password_leaves_the_token(kept: Vault) -> None:
    kept.bind("")
    made = [kept.session_key(), kept.token()]
    assert not kept.bind("first")
    assert [kept.session_key(), kept.token()] == made


def test_sessions_outlive_an_image_that_bound_nothing(kept: Vault) -> None:
    """Where the page's own password goes on; one that the card gives may be another."""
    kept.set_password_hash("first")
    made = [kept.session_key(), kept.token()]
    assert not kept.bind("first")
    assert [kept.session_key(), kept.token()] == made
    (kept.directory / "bound-to").unlink()
    assert not kept.bind("of the card")
    assert kept.session_key() != made[0]


def test_a_power_cut_while_binding_is_made_up_for(
    kept: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.bind("first")
    made = kept.token()
    real = files.write_durable

    def cut(file: Path, content: str, mode: int) -> None:
        if file.name == "token":
            raise KeyboardInterrupt
        real(file, content, mode)

    monkeypatch.setattr(files, "write_durable", cut)
    with pytest.raises(KeyboardInterrupt):
        kept.bind("second")
    monkeypatch.undo()
    assert Vault(kept.directory).bind("second")
    assert Vault(kept.directory).token() != made


def test_keys_are_other_ones_where_nothing_can_be_kept(
    kept: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.bind("first")
    made = [kept.session_key(), kept.browser_key(), kept.token()]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_durable", full)
    kept.bind("second")
    assert not {kept.session_key(), kept.browser_key(), kept.token()} & set(made)
