"""The owner's file, or the last one that was right."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.errors import ConfigError
from appliance.settings.owner_file import check, judge, without_clear_password

GOOD = b'[system]\nhostname = "good"\n'
KEPT = b'[system]\nhostname = "kept"\n'
HASH = "scrypt:32768:8:1$salt$" + "a" * 128


def hashed(password: str) -> str:
    return HASH


def chosen(content: bytes | None, kept: bytes | None) -> Any:
    return judge(content, kept, {}, hashed)


def test_judge_of_a_good_file_keeps_it() -> None:
    found = chosen(GOOD, KEPT)
    assert found.tables == {"system": {"hostname": "good"}}
    assert (found.problems, found.keep, found.rewrite) == ((), GOOD, None)


def test_judge_of_an_empty_file_gives_the_defaults() -> None:
    assert chosen(b"", KEPT).tables == {}


@pytest.mark.parametrize(
    "content",
    [
        b"[system", b"\xff\xfe", b"[nonsense]\n", b"[system]\nhostname = 1\n",
        b"[system]\nname = 'x'\n", b"#" * 10_000_000,
    ],
    ids=["broken", "not UTF-8", "unknown section", "wrong type", "unknown key", "10 MB"],
)  # fmt: skip
def test_judge_of_a_bad_file_takes_the_last_good_one(content: bytes) -> None:
    found = chosen(content, KEPT)
    assert found.tables == {"system": {"hostname": "kept"}}
    assert (found.keep, found.rewrite) == (None, None)
    assert found.problems[0].startswith("glovebox.toml: ")


def test_judge_of_a_bad_file_at_the_first_start_gives_the_defaults() -> None:
    assert chosen(b"[system", None).tables == {}


def test_judge_restores_a_file_that_is_gone() -> None:
    found = chosen(None, KEPT)
    assert (found.tables["system"], found.rewrite) == ({"hostname": "kept"}, KEPT)


def test_judge_of_nothing_at_all() -> None:
    found = chosen(None, None)
    assert (found.tables, found.problems, found.rewrite) == ({}, (), None)


def test_judge_of_a_kept_file_that_a_newer_version_refuses() -> None:
    found = chosen(b"[system", b"[gone]\n")
    assert found.tables == {}
    assert len(found.problems) == 2


def test_judge_hides_a_clear_password() -> None:
    found = chosen(b'\xef\xbb\xbf[web]\r\npassword = "the secret"\r\n', None)
    assert found.tables == {"web": {"password_hash": HASH}}
    wanted = f'\ufeff[web]\r\npassword_hash = "{HASH}"\r\n'.encode()
    assert found.keep == found.rewrite == wanted


def test_judge_of_a_password_that_cannot_be_hidden_still_sets_it() -> None:
    found = chosen(b'web.password = "the secret"\n', None)
    assert found.tables == {"web": {"password_hash": HASH}}
    assert found.rewrite is None
    assert b"the secret" not in found.keep
    assert "one line" in found.problems[0]


def test_check_counts_what_lies_below() -> None:
    with pytest.raises(ConfigError, match="file: "):
        check(b"[system]\nhostname = ''\n", "file", {})


def test_without_clear_password_leaves_others_alone() -> None:
    assert without_clear_password({"system": {}}, hashed) == {"system": {}}
    assert without_clear_password({"web": {"password": "x"}}, hashed) == {
        "web": {"password_hash": HASH}
    }
