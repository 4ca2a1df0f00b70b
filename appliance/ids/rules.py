# SPDX-License-Identifier: MIT
"""What a rule is called: messages and classifications from the files that Snort itself reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from string import whitespace

Key = tuple[int, int]

_INCLUDE = re.compile(r"^include\s+(\S+)", re.MULTILINE)
_CLASSIFICATION = re.compile(
    r"^\s*config\s+classification:\s*([^,]+?)\s*,\s*([^,]+?)\s*,\s*(\d+)", re.MULTILINE
)
# In a rule "\;" is a semicolon and a bare one ends the option, within quotes too.
_OPTION_END = re.compile(r"(?<!\\);")
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
_UNESCAPE = re.compile(r'\\([;"\\:])')


class RuleError(ValueError):
    """A line that is no rule; the message says why."""


@dataclass(frozen=True)
class Rule:
    """A rule taken apart. `header` holds the seven words before the options (two for preprocessor
    events, which have no addresses); `options` the (keyword, value) pairs in order.
    """

    header: Sequence[str]
    options: Sequence[tuple[str, str]]

    def option(self, keyword: str) -> str | None:
        """Return the value of the first option `keyword`, without its quotes, or None."""
        value = self._firsts.get(keyword)
        if value is None:
            return None
        return _UNESCAPE.sub(r"\1", value.removeprefix('"').removesuffix('"'))

    @cached_property
    def _firsts(self) -> Mapping[str, str]:
        return {name.lower(): value for name, value in reversed(self.options)}

    @cached_property
    def key(self) -> Key:
        """Return (gid, sid); gid is 1 where the rule names none. Raises RuleError without a sid."""
        return self._number("gid", "1"), self._number("sid", None)

    @cached_property
    def rev(self) -> int:
        """Return the revision, 0 where the rule names none. Raises RuleError."""
        return self._number("rev", "0", smallest=0)

    @property
    def message(self) -> str | None:
        """Return what the rule calls its alert."""
        return self.option("msg")

    @property
    def is_limited(self) -> bool:
        """Whether it says within itself how many of its alerts are wanted."""
        return self.option("threshold") is not None

    @property
    def counts(self) -> bool:
        """Whether only many of what it looks for make an alert."""
        return self.option("detection_filter") is not None

    def _number(self, keyword: str, default: str | None, smallest: int = 1) -> int:
        value = self.option(keyword) or default
        if value is None:
            raise RuleError(f"no {keyword}")
        if not (_NUMBER.fullmatch(value) and smallest <= int(value) < 1 << 32):
            raise RuleError(
                f"{keyword}:{value[:32]}: expected a number from {smallest} to {(1 << 32) - 1}"
            )
        return int(value)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force already under a number: its revision; whether it limits itself, counts."""

    rev: int
    is_limited: bool = False
    counts: bool = False


def parse(line: str) -> Rule:
    """Take one rule apart: `action protocol source port direction target port (options)`.

    Checks the shape, not the words. A list in the header may have blanks. Raises RuleError.
    """
    header, bracket, rest = line.strip().partition("(")
    if not bracket or not rest.endswith(")"):
        raise RuleError("no (options) at the end")
    pieces = _OPTION_END.split(rest[:-1])
    if not pieces[-1].strip():
        pieces.pop()
    return Rule(_words(header), [_option(piece) for piece in pieces])


def _words(header: str) -> list[str]:
    """Split at the blanks that are in no list."""
    words, depth = list[list[str]](), 0
    for word in header.split():
        if depth:
            words[-1].append(word)
        else:
            words.append([word])
        depth = max(0, depth + word.count("[") - word.count("]"))
    return [" ".join(pieces) for pieces in words]


def _option(piece: str) -> tuple[str, str]:
    keyword, _, value = piece.partition(":")
    # Only what is a blank for engines, too.
    return keyword.strip(whitespace), value.strip(whitespace)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number of its first line, text) of what is neither empty nor a comment.

    A backslash at the end of a line joins the next one to it, with nothing in between, except in
    a comment.
    """
    start, parts = 0, list[str]()
    # The empty line at the end closes a last line that asks for another.
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if not parts:
            start = number
            if line.lstrip().startswith("#"):
                continue
        parts.append(line.rstrip().removesuffix("\\"))
        if line.rstrip().endswith("\\"):
            continue
        whole = "".join(parts).strip()
        parts.clear()
        if whole:
            yield start, whole


def messages(text: str) -> dict[Key, str]:
    """Return the message of each rule in a rule file; what is no rule is passed over."""
    found = {}
    for _, line in logical_lines(text):
        try:
            rule = parse(line)
            if rule.message is not None:
                found[rule.key] = rule.message
        except RuleError:
            continue
    return found


def standing(text: str) -> dict[Key, Standing]:
    """Return the rules of a file by their numbers; what is no rule is passed over."""
    found = {}
    for _, line in logical_lines(text):
        try:
            rule = parse(line)
            found[rule.key] = Standing(rule.rev, rule.is_limited, rule.counts)
        except RuleError:
            continue
    return found


def generator_messages(text: str) -> dict[Key, str]:
    """Return the messages of gen-msg.map: `gid || sid || message` per line."""
    found = {}
    for _, line in logical_lines(text):
        gid, _, rest = line.partition("||")
        sid, _, message = rest.partition("||")
        if gid.strip().isdigit() and sid.strip().isdigit():
            found[int(gid), int(sid)] = message.strip()
    return found


def classifications(text: str) -> list[tuple[str, str]]:
    """Return (name, description) of classification.config. Events name them by place, from 1."""
    return [(name, description) for name, description, _ in _CLASSIFICATION.findall(text)]


@dataclass(frozen=True)
class Rulebook:
    """Looks up what an event record only numbers."""

    messages: Mapping[Key, str] = field(default_factory=dict)
    descriptions: Sequence[str] = ()

    def message(self, gid: int, sid: int, rev: int) -> str:
        """Return the message; for an unknown rule the one that Snort makes up itself."""
        return self.messages.get((gid, sid), f"Snort Alert [{gid}:{sid}:{rev}]")

    def classification(self, number: int) -> str | None:
        """Return the description of a classification, None for 0 and unknown numbers."""
        return self.descriptions[number - 1] if 0 < number <= len(self.descriptions) else None


def load(config: Path, resolve: Callable[[str], Path]) -> Rulebook:
    """Read the rulebook of a rendered snort.conf and of all files that it includes, in order.

    `resolve` turns a path as Snort sees it into ours. Files that cannot be read are left out: an
    alert without its name is better than none. Raises OSError when `config` itself is unreadable.
    """
    found = generator_messages(_read(resolve("/etc/snort/gen-msg.map")))
    classes: list[tuple[str, str]] = []
    for included in _INCLUDE.findall(config.read_text(encoding="utf-8")):
        text = _read(resolve(included))
        if included.endswith(".rules"):
            found.update(messages(text))
        else:
            classes += classifications(text)
    return Rulebook(found, [description for _, description in classes])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
