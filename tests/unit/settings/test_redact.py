# SPDX-License-Identifier: MIT
"""Secrets leave a text; all else stays as it was, to the byte."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from appliance.settings.findings import TAKEN_OVER
from appliance.settings.redact import hash_in_place, redacted_toml, redacted_yaml

HASH = "scrypt:32768:8:1$salt$" + "a" * 128


def test_redacted_toml_keeps_everything_else() -> None:
    text = '[user]\r\nname = "a" # me\r\npassword = "secret word"\r\npassword_encrypted = false\r\n'
    result = redacted_toml(text, ["secret word"])
    assert result == text.replace('"secret word"', f'"{TAKEN_OVER}"')


def test_redacted_yaml_keeps_everything_else() -> None:
    text = "users:\n- name: a\n  passwd: $5$x$y\n  ssh: true\n- passwd: $5$z\n"
    result = redacted_yaml(text, ["$5$x$y", "$5$z"])
    assert result == text.replace("$5$x$y", f'"{TAKEN_OVER}"').replace("$5$z", f'"{TAKEN_OVER}"')


def test_redacted_leaves_what_was_not_taken_over() -> None:
    toml = '[user]\npassword = "first"\n[wlan]\npassword = "second"\n[connect]\ntoken = "third"\n'
    assert redacted_toml(toml, ["second"]) == toml.replace('"second"', f'"{TAKEN_OVER}"')
    yaml = "a: {password: first}\nb: {password: second, x: second}\ntoken: third\n"
    wanted = f'a: {{password: first}}\nb: {{password: "{TAKEN_OVER}", x: second}}\ntoken: third\n'
    assert redacted_yaml(yaml, ["second"]) == wanted


@pytest.mark.parametrize(
    ("redacted", "text"),
    [
        (redacted_toml, '\ufeffwlan = { password = "se\\u0063ret" }\n'),
        (redacted_toml, "[wlan]\npassword='secret'"),
        (redacted_toml, 'wlan.password = "secret"\n'),
        (redacted_yaml, '\ufeffa: {password: "secret", b: 🚗}\n'),
        (redacted_yaml, "a:\r\n  password: 'secret'\r\n"),
    ],
)
def test_redacted_however_the_secret_is_written(redacted: Any, text: str) -> None:
    result = redacted(text, ["secret"])
    assert TAKEN_OVER in result and "secret" not in result
    assert redacted(result, ["secret"]) == result


@pytest.mark.parametrize(
    ("redacted", "text"),
    [
        (redacted_toml, '[wlan]\npassword = """\nsecret"""\n'),
        (redacted_toml, '[wlan]\npassword = "secret'),
        (redacted_yaml, 'password: "secret'),
    ],
)
def test_redacted_gives_up_where_a_secret_would_stay(redacted: Any, text: str) -> None:
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
