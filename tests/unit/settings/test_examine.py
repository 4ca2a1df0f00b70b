# SPDX-License-Identifier: MIT
"""Each section is judged by itself; what is wrong is named with its line."""

from __future__ import annotations

import re
import time

import pytest

from appliance.settings.examine import MOST, Examined, chunks, examine
from tests.conftest import PROJECT


def examined(text: str) -> Examined:
    return examine(text.encode(), "file", {})


def test_examine_of_what_is_right() -> None:
    found = examined('[system]\nhostname = "box"\n')
    assert found.whole
    assert (found.tables, found.guards) == ({"system": {"hostname": "box"}}, {})


def test_examine_names_every_key_that_is_wrong() -> None:
    found = examined('[system]\nhostname = "a b"\ntimezone = "Mars"\n[alerts]\nkeep = 5000\n')
    assert found.tables == {"alerts": {"keep": 5000}}
    assert [problem[-8:] for problem in found.problems] == ["(line 2)", "(line 3)"]


@pytest.mark.parametrize(
    "broken",
    [
        "hostname = box",
        "hostname = \u201cbox\u201d",
        'hostname = "box',
        "hostname: x",
        "x = [",
        "x = {",
    ],
)
def test_examine_takes_what_stands_after_a_broken_section(broken: str) -> None:
    found = examined(f"[ssh]\nkeys = []\n[system]\n{broken}\n[alerts]\nkeep = 5000 # x\n")
    assert found.tables == {"ssh": {"keys": []}, "alerts": {"keep": 5000}}
    assert found.wrong == {"system"}
    assert "line 4" in found.problems[0]


def test_examine_of_a_section_twice() -> None:
    found = examined('[system]\nhostname = "box"\n[system]\ntimezone = "UTC"\n[alerts]\n')
    assert found.tables == {"alerts": {}}
    assert "line 3: [system] stands there twice" in found.problems[0]


def test_examine_of_addresses_tells_the_cause_alone() -> None:
    found = examined('[wired]\naddresses = ["10.0.0.5"]\ngateways = ["10.0.0.1"]\n')
    (problem,) = found.problems
    assert "addresses" in problem and "/24" in problem


def test_examine_shows_no_secret() -> None:
    text = (
        '[web]\npassword = "secret"\npassword_hash = "secret"\napi_token = "secret"\nsecret = 1\n'
        '[wifi]\nnetworks = [{ ssid = "H", password = "secret" }]\n[ssh]\nkeys = ["secret"]\n'
        '[access_point]\npassphrase = "secret"\n'
    ).replace("secret = 1", "x = 1")
    found = examined(text)
    assert len(found.problems) == 7
    assert not any("secret" in problem for problem in found.problems)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "".join(f"[a{number}]\n" for number in range(50_000)),
        "[system]\n" + "".join(f"a{number} = 1\n" for number in range(50_000)),
        "[" + "a" * 500_000,
        "[ssh]\nkeys = [" + '"",' * 100_000 + "]",
        "[system]\nx\n" * 20_000,
    ],
    ids=["sections", "keys", "one name", "list", "broken sections"],
)
def test_examine_of_hostile_files_is_bounded(text: str) -> None:
    start = time.monotonic()
    found = examined(text)
    assert time.monotonic() - start < 20
    assert 0 < len(found.problems) <= MOST + 1


def test_chunks_are_all_of_the_text() -> None:
    text = '# head\n[a]\nx = 1\n[a.b]\n[[a.c]]\n[d] # note\r\n["e"]\n[a]\n'
    found = list(chunks(text))
    assert "\n".join(chunk.text for chunk in found) == text
    assert [(chunk.name, chunk.line) for chunk in found] == [("", 1), ("a", 2), ("d", 6), ("a", 8)]


def _settings(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


SHIPPED = (PROJECT / "config/glovebox.toml").read_text()
SECTIONS = {chunk.name: chunk.text for chunk in chunks(SHIPPED) if '"' in _settings(chunk.text)}


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize(
    ("quotes", "encoding"),
    [
        ("\u201c\u201d", "utf-8-sig"),
        ("\u201e\u201c", "utf-8"),
        ("\u2018\u2019", "utf-8"),
        ("\u201c\u201d", "cp1252"),
        ("\u201e\u201c", "cp1252"),
        ("\u2018\u2019", "cp1252"),
        ("\u00bb\u00ab", "cp1252"),
        ("\u201c\u201d", "mac_roman"),
    ],
)
def test_quotes_of_a_word_processor_are_told_with_line_and_key(
    name: str, quotes: str, encoding: str
) -> None:
    text = re.sub('"(.*?)"', lambda found: f"{quotes[0]}{found[1]}{quotes[1]}", SECTIONS[name])
    text = _settings(text)
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines, 1) if quotes[0] in line)
    key = lines[first - 1].split(" ")[0]
    problems = examine(text.replace("\n", "\r\n").encode(encoding), "glovebox.toml", {}).problems
    assert problems[0].startswith(f"glovebox.toml: line {first} ({key}): typographic quotes; type")


def test_a_file_of_a_windows_editor_is_right() -> None:
    content = b"\xef\xbb\xbf" + SHIPPED.replace("\n", "\r\n").encode()
    assert examine(content, "glovebox.toml", {}).whole
    wide = examine(SHIPPED.encode("utf-16"), "glovebox.toml", {}).problems
    assert wide == ("glovebox.toml: saved as UTF-16 (Unicode); save it again as UTF-8",)
