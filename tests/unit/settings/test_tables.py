# SPDX-License-Identifier: MIT
"""TOML tables: parsed, laid over each other, given types; what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import ConfigError
from appliance.settings import config
from appliance.settings.tables import merge, parse, read
from appliance.settings.tomlwords import LARGEST_FILE
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[wifi]\nssid = "Home"\n',
            ["it stands inside networks = [{ ssid = …, … }]"],
        ),
        ('[router]\naddress = "192.0.2.1"\n', ["it stands inside routers = [{ address = …, … }]"]),
        ("[capture]\nport = [1]\n", ["[capture] port", "no such key", "ports"]),
        ("[radio]\n", ["[radio]", "no such section", "capture"]),
        ("capture = 1\n", ["capture = 1", "expected a section"]),
        ("[capture]\nports = 37008\n", ["ports = 37008", "a list"]),
        ("[capture]\nports = [true]\n", ["ports = True", "a whole number"]),
        ("[capture]\nrouters = [1]\n", ["routers = 1", "in quotes"]),
        ("[web]\npassword = 1234567890\n", ["password = …", "in quotes"]),
        ("[capture\n", []),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", b"a = " + b"[" * 100_000, b"#" * (LARGEST_FILE + 1)],
    ids=["not UTF-8", "nested", "too large"],
)
def test_parse_refuses_hostile_content(content: bytes) -> None:
    with pytest.raises(ConfigError, match="^file: "):
        parse(content, "file")


def test_parse_takes_what_windows_editors_write() -> None:
    content = b'\xef\xbb\xbf[capture]\r\nrouters = ["192.0.2.1"]\r\n'
    assert parse(content, "file") == {"capture": {"routers": ["192.0.2.1"]}}


@pytest.mark.parametrize(
    ("section", "key", "value", "meant"),
    [
        ("capture", "routers", "192.168.088.001", "; perhaps 192.168.88.1"),
        ("capture", "routers", "192.168.88.1:37008", "; perhaps 192.168.88.1"),
        ("capture", "routers", "192.168.88.1/24", "; perhaps 192.168.88.1"),
        ("wired", "addresses", "192.168.088.005/24", "; perhaps 192.168.88.5/24"),
        ("wired", "addresses", "192.168.88.5", "like 192.168.88.5/24"),
        ("capture", "routers", "192.168.88.300:1", "an IP address"),
        ("capture", "routers", "router.lan", "an IP address"),
    ],
)
def test_an_address_that_is_nearly_right_is_told(
    section: str, key: str, value: str, meant: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        config.build({section: {key: [value]}}, "file")
    assert str(raised.value).endswith(meant)


def test_read_of_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory"):
        read(tmp_path)


def test_read_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "absent.toml")


def test_merge_goes_key_by_key() -> None:
    below = {"a": {"x": 1, "y": 2}, "b": {"z": 3}}
    assert merge(below, {"a": {"y": 4}}) == {"a": {"x": 1, "y": 4}, "b": {"z": 3}}
    assert below["a"]["y"] == 2


@pytest.mark.parametrize(
    "sign",
    ["\n", "\r\n[web]\n", "\0", "\t", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\u2067",
     "\u200f", "\ud800"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("name", "key", "is_list"),
    [("web", "title", False), ("access_point", "ssid", False), ("access_point", "country", False),
     ("logs", "words", True), ("leds", "onboard", True)],
)  # fmt: skip
def test_no_text_ends_its_line_or_turns_what_is_around_it(
    name: str, key: str, is_list: bool, sign: str
) -> None:
    text = f"a{sign}b"
    with pytest.raises(ConfigError, match=f"{key} = .*one line"):
        config.build({name: {key: [text] if is_list else text}}, "glovebox.toml")


@pytest.mark.parametrize("text", ["Zuhause é 😀", "👩\u200d🚀", "a b", "$(id) \"'\\ `x`"])
def test_letters_of_all_languages_are_taken(text: str) -> None:
    assert config.build({"web": {"title": text}}, "glovebox.toml").web.title == text
