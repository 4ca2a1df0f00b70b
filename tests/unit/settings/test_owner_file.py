# SPDX-License-Identifier: MIT
"""The owner's file, or the last one that was right."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from appliance.settings.owner_file import judge, without_clear_password

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


def test_without_clear_password_leaves_others_alone() -> None:
    assert without_clear_password({"system": {}}, hashed) == {"system": {}}
    assert without_clear_password({"web": {"password": "x"}}, hashed) == {
        "web": {"password_hash": HASH}
    }


def test_judge_takes_the_sections_that_are_right() -> None:
    content = b'[system]\nhostname = "new"\n[wifi]\ncountry = UK\n[alerts]\nkeep = 5000\n'
    found = chosen(content, b'[system]\nhostname = "kept"\n[wifi]\ncountry = "DE"\n')
    assert found.tables == {
        "system": {"hostname": "new"}, "wifi": {"country": "DE"}, "alerts": {"keep": 5000},
    }  # fmt: skip
    assert "line 4 (country)" in found.problems[0]
    assert "in force as written: [system], [alerts]" in found.problems[-1]
    assert tomllib.loads(found.keep.decode()) == found.tables
    assert chosen(content, found.keep).tables == found.tables
    assert chosen(None, found.keep).tables == found.tables


@pytest.mark.parametrize(
    ("text", "kept", "capture"),
    [
        ('ports = [0]\nrouters = ["192.0.2.1"]', "", {"routers": ["192.0.2.1"]}),
        ('routers = ["192.0.2.1", "x"]', "", {"routers": ["192.0.2.1"]}),
        ('routers = ["x"]', "", {"routers": ["127.0.0.1"]}),
        ("routers = [192.0.2.1]", "", {"routers": ["127.0.0.1"]}),
        ("routers = 7", '[capture]\nrouters = ["192.0.2.9"]\n', {"routers": ["192.0.2.9"]}),
        ("ports = [x]", '[capture]\nrouters = ["192.0.2.9"]\n', {"routers": ["192.0.2.9"]}),
    ],
)
def test_judge_never_opens_what_the_owner_closed(
    text: str, kept: str, capture: dict[str, Any]
) -> None:
    found = chosen(f"[capture]\n{text}\n".encode(), kept.encode() or None)
    assert found.tables == {"capture": capture}


def test_judge_takes_keys_one_by_one() -> None:
    """A key that the owner took out of the list stays out, whatever else is wrong in it."""
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJCoaqsSxDVpS7fxoVnYoyuCOGpNGgZcDpBUSjsz2vSw"
    kept = f'[ssh]\nkeys = ["{key} old"]\n'.encode()
    assert chosen(b'[ssh]\nkeys = ["ssh-ed25519 AAAA"]\n', kept).tables == {"ssh": {"keys": []}}
    both = f'[ssh]\nkeys = ["{key} new", "x"]\n'.encode()
    assert chosen(both, kept).tables == {"ssh": {"keys": [f"{key} new"]}}


def test_judge_hides_a_password_beside_a_section_that_is_wrong() -> None:
    content = b'[system]\r\nhostname = box\r\n[web]\r\npassword = "the secret"\r\n[alerts]\r\n'
    found = chosen(content, None)
    assert found.tables["web"] == {"password_hash": HASH}
    wanted = content.replace(b'password = "the secret"', f'password_hash = "{HASH}"'.encode())
    assert found.rewrite == wanted
    assert b"the secret" not in found.keep


def test_judge_keeps_a_password_of_a_section_that_is_wrong() -> None:
    found = chosen(b'[web]\ntitle = ""\npassword = "the secret"\n', None)
    assert found.tables == {"web": {"password_hash": HASH}}
    assert b"the secret" not in found.rewrite


def test_judge_tells_remarks_and_keeps_the_file() -> None:
    content = b'[dhcp]\nrouter = "10.77.0.2"\n'
    found = chosen(content, None)
    assert (found.tables["dhcp"], found.keep) == ({"router": "10.77.0.2"}, content)
    assert "dns_servers" in found.problems[0]
