"""Secrets leave a text; all else stays as it was, to the byte."""

from __future__ import annotations

import tomllib

import pytest

from appliance.settings.findings import TAKEN_OVER
from appliance.settings.redact import hash_in_place, redacted

HASH = "scrypt:32768:8:1$salt$" + "a" * 128


def test_redacted_toml_keeps_everything_else() -> None:
    text = '[user]\r\nname = "a" # me\r\npassword = "secret word"\r\npassword_encrypted = false\r\n'
    result = redacted(text, ["secret word"])
    assert result == text.replace('"secret word"', f'"{TAKEN_OVER}"')


def test_redacted_yaml_keeps_everything_else() -> None:
    text = "users:\n- name: a\n  passwd: $5$x$y\n  ssh: true\n- passwd: $5$z\n"
    result = redacted(text, ["$5$x$y", "$5$z"])
    assert result == text.replace("$5$x$y", f'"{TAKEN_OVER}"').replace("$5$z", f'"{TAKEN_OVER}"')


def test_redacted_twice_is_redacted_once() -> None:
    once = redacted('password = "secret"\n', ["secret"])
    assert once is not None
    assert redacted(once, ["secret"]) == once


@pytest.mark.parametrize(
    "text", ['wlan = { password = "secret" }\n', 'password = """\nsecret"""\n']
)
def test_redacted_gives_up_where_a_secret_would_stay(text: str) -> None:
    assert redacted(text, ["secret"]) is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_hash_in_place_changes_one_line(end: str, mark: str) -> None:
    lines = ["[system]", 'hostname = "x"', "[web] # mine", 'password = "the secret"', "# end", ""]
    text = mark + end.join(lines)
    result = hash_in_place(text, HASH)
    assert result == text.replace('password = "the secret"', f'password_hash = "{HASH}"')


def test_hash_in_place_replaces_an_older_hash() -> None:
    result = hash_in_place('[web]\npassword_hash = "old"\npassword = "the secret"\n', HASH)
    assert result is not None
    assert tomllib.loads(result) == {"web": {"password_hash": HASH}}


@pytest.mark.parametrize(
    "text",
    ['web = { password = "x" }\n', 'web.password = "x"\n', '[web]\npassword = """\nx"""\n'],
)
def test_hash_in_place_gives_up_on_what_it_would_spoil(text: str) -> None:
    assert hash_in_place(text, HASH) is None
