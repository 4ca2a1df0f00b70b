# SPDX-License-Identifier: MIT
"""The text of one rule as the engine has it, and what it refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.ids import marker, rules
from appliance.ids.engine import DIRECTORY, ENGINE_ROOT
from appliance.ids.rules import RuleError
from appliance.ruleset import set_places

# What is made for the settings comes first: of two rules of one number that one holds.
FOLDERS = (
    DIRECTORY / "rules",
    ENGINE_ROOT / "etc/snort/rules",
    ENGINE_ROOT / "etc/suricata/rules",
)
LARGEST = 32 << 20
LONGEST = 4096
_CVE = re.compile(r"(?:CVE-)?([0-9]{4}-[0-9]{4,7})", re.ASCII | re.IGNORECASE)
_URL = re.compile(r"(?:https?://)?[\w.-]+\.[a-z]{2,}(?:[/?#][\x21-\x7e]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """Where more is told of what a rule finds; `url` is empty where there is no page to open."""

    words: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule: its text, the name of its file, and its references."""

    text: str
    file: str
    references: tuple[Reference, ...] = ()


def find(
    gid: int, sid: int, folders: Sequence[Path] = FOLDERS, sets: Path = set_places.FOLDER
) -> RuleText | None:
    """Return a rule that is in force; None where its text is nowhere. Raises nothing.

    `sets` holds the rule sets of the Internet.
    """
    for folder in (*folders, *sorted(sets.glob(f"*/{set_places.IN_FORCE}"))):
        for file in sorted(folder.glob("*.rules")):
            # The marker of the self-test is a secret.
            if file.name == "marker.rules":
                continue
            for text in _of_number(_content(file), sid):
                found = _taken_apart(text, gid, sid, file.name)
                if found is not None:
                    return found
    return None


def references(values: Sequence[str]) -> tuple[Reference, ...]:
    """Understand the references of a rule, "url,example.org/x" or "cve,2021-44228"."""
    return tuple(_reference(*value.partition(",")[::2]) for value in values)


def _reference(kind: str, value: str) -> Reference:
    kind, value = kind.strip().lower(), value.strip()
    if kind == "url" and _URL.fullmatch(value):
        return Reference(value, value if value.startswith("http") else f"http://{value}")
    if kind == "cve" and (match := _CVE.fullmatch(value)):
        return Reference(f"CVE-{match[1]}", f"https://www.cve.org/CVERecord?id=CVE-{match[1]}")
    return Reference(f"{kind} {value}"[:200])


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(LARGEST)
    except OSError:
        return b""


def _of_number(content: bytes, sid: int) -> Iterator[str]:
    """Yield the lines in which such a number is given, each with those that it goes on in.

    The bare number is looked for first: an expression alone takes many times as long.
    """
    number, given = b"%d" % sid, re.compile(rb"\bsid\s*:\s*%d\s*;" % sid)
    place = content.find(number)
    while place >= 0:
        begin, end = _line_around(content, place)
        if given.search(content, begin, end):
            yield content[begin:end].decode("utf-8", "replace").replace("\\\n", " ").strip()
        place = content.find(number, end)


def _line_around(content: bytes, place: int) -> tuple[int, int]:
    """Return where a line begins and ends, with those before and behind that it goes on in."""
    begin = content.rfind(b"\n", 0, place) + 1
    while begin > 1 and content[begin - 2 : begin - 1] == b"\\":
        begin = content.rfind(b"\n", 0, begin - 1) + 1
    end = content.find(b"\n", place)
    while end > 0 and content[end - 1 : end] == b"\\":
        end = content.find(b"\n", end + 1)
    return begin, end if end >= 0 else len(content)


def _taken_apart(text: str, gid: int, sid: int, file: str) -> RuleText | None:
    try:
        rule = rules.parse(text)
        if text.startswith("#") or rule.key != (gid, sid) or rule.key == (marker.GID, marker.SID):
            return None
    except RuleError:
        return None
    values = [value for keyword, value in rule.options if keyword.lower() == "reference"]
    return RuleText(text[:LONGEST], file, references(values[:20]))
