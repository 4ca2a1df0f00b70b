# SPDX-License-Identifier: MIT
"""YAML without its surprises."""

from __future__ import annotations

import pytest

from appliance.settings.plainyaml import DEEPEST, load, scalars


def test_load_takes_every_value_as_text() -> None:
    assert load("country: NO\nport: 080\n") == {"country": "NO", "port": "080"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["a: &x [1]\nb: *x\n", "a: b: c", "\t- x", "[" * 5000],
    ids=["alias", "no YAML", "tab", "deep"],
)
def test_load_refuses(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        load(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "password: @secret", "password: 'secret", 'password: "secret\\q"', "password: %secret",
        "password: a: secret", "password: *secret", "password: [secret", 'password: "a"secret"',
        "password: !secret!x", "secret: 1\nsecret: 2", '"secret": "\\ud800"', "? [secret]\n: x",
        "password: {secret", "\0secret", "password: |secret",
    ],
)  # fmt: skip
def test_load_tells_the_place_and_never_the_text(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        load(text)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert str(caught.value).startswith("line ") or "zero byte" in str(caught.value)


def test_load_takes_octets_of_keys_alone() -> None:
    assert load(r'"Zo\xc3\xab": "\xc3\xab"') == {"Zoë": "Ã«"}
    assert load(r'"\xfc": x') == {"\udcfc": "x"}
    assert load('"ë\\x41": x') == {"ëA": "x"}


def test_load_tells_an_empty_text_from_none() -> None:
    assert load('a: ""\nb:\nc: null\n') == {"a": "", "b": None, "c": "null"}


def test_scalars_tells_where_values_stand() -> None:
    text = "a: [{b: 'x'}]\nc: y\n"
    assert [(key, text[start:end]) for key, _, start, end in scalars(text)] == [
        ("b", "'x'"), ("c", "y"),
    ]  # fmt: skip


def test_what_is_nested_is_read_to_a_bound() -> None:
    """Nobody's settings are so deep, and the library's time grows with the square of it."""
    assert load("[" * (DEEPEST - 1) + "x" + "]" * (DEEPEST - 1))
    with pytest.raises(ValueError, match="nested too deeply"):
        load("[" * DEEPEST + "x" + "]" * DEEPEST)
