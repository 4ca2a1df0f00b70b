# SPDX-License-Identifier: MIT
"""The owner's own rules: every line that can stand is taken, the others are named with the reason.

This check is about what people get wrong: a rule for another engine, a sid that is taken, a slip of
the pen. What it cannot know, the engine says when it starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.ids import rules
from appliance.ids.rules import Key, Rule, RuleError

RESERVED = range(1_000_000, 1_001_000)

ACTIONS = ("alert", "log", "pass", "drop", "reject", "sdrop")
DIRECTIONS = ("->", "<>")
_FILTER = re.compile(
    r"suppress\s+gen_id\s+\d+\s*,\s*sig_id\s+\d+(\s*,\s*track\s+by_(src|dst)\s*,\s*ip\s+\S+)?"
    r"|event_filter\s+gen_id\s+\d+\s*,\s*sig_id\s+\d+\s*,\s*type\s+(limit|threshold|both)\s*,"
    r"\s*track\s+by_(src|dst)\s*,\s*count\s+\d+\s*,\s*seconds\s+\d+"
)
_VARIABLE = re.compile(r"\$\(?(\w+)")
_CONTENT = re.compile(r'!?\s*"(?:[^"\\|]|\\.|\|[0-9A-Fa-f\s]*\|)+"(\s*,.*)?')


@dataclass(frozen=True)
class Problem:
    """A line that was left out, or (line 0) a whole file."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{where}: {self.reason}; left out"


@dataclass(frozen=True)
class Language:
    """What rules of an engine are written in; None: the engine itself says what it does not know,
    and does without that rule. More than `largest` bytes are too much for a machine of 1 GB.
    """

    name: str
    largest: int
    protocols: frozenset[str] | None = None
    options: frozenset[str] | None = None


class Checker:
    """Takes in one rule after the other. `taken` are the keys of rules that are there already."""

    def __init__(
        self,
        language: Language,
        variables: Iterable[str],
        classifications: Iterable[str],
        taken: Iterable[Key],
    ) -> None:
        self.language = language
        self._variables = frozenset(variables)
        self._classifications = frozenset(classifications)
        self._taken = set(taken)

    def check(self, line: str) -> None:
        """Accept a rule or a filter line. Raises RuleError with the reason why not."""
        if is_filter(line):
            return
        rule = rules.parse(line)
        self._check_header(rule.header)
        self._check_words(rule)
        key = rule.key
        if key[0] == 1 and key[1] in RESERVED:
            raise RuleError(f"sid {key[1]}: {RESERVED[0]} to {RESERVED[-1]} are Glovebox's own")
        if key in self._taken:
            raise RuleError(f"sid {key[1]} is taken by another rule")
        self._taken.add(key)

    def _check_header(self, header: Sequence[str]) -> None:
        if len(header) != 7:
            raise RuleError("expected: action protocol source port direction destination port (…)")
        action, protocol, direction = header[0], header[1], header[4]
        protocols = self.language.protocols
        if action not in ACTIONS:
            raise RuleError(f"action '{action}': expected {_list(ACTIONS)}")
        if protocols is not None and protocol not in protocols:
            raise RuleError(f"protocol '{protocol}': expected {_list(protocols)}")
        if direction not in DIRECTIONS:
            raise RuleError(f"direction '{direction}': expected -> or <>")

    def _check_words(self, rule: Rule) -> None:
        for name in _VARIABLE.findall(" ".join(rule.header)):
            if name not in self._variables:
                raise RuleError(f"no variable ${name}; there are {_list(self._variables)}")
        for keyword, value in rule.options:
            if self.language.options is not None and keyword not in self.language.options:
                raise RuleError(f"'{keyword}' is no option of {self.language.name}")
            if keyword in ("content", "uricontent") and not _CONTENT.fullmatch(value):
                raise RuleError(f"{keyword}:{value}: quotes or |hex bytes| are not right")
        classtype = rule.option("classtype")
        if classtype is not None and classtype not in self._classifications:
            raise RuleError(f"no classtype '{classtype}'")


def files(directories: Sequence[Path]) -> list[Path]:
    """Return the *.rules files, directory by directory, each in the order of their names."""
    found = []
    for directory in directories:
        if directory.is_dir():
            # Other systems leave files like ._my.rules beside the real ones, and write .RULES.
            found += sorted(
                file
                for file in directory.iterdir()
                if file.suffix.lower() == ".rules" and not file.name.startswith(".")
            )
    return found


def collect(found: Iterable[Path], checker: Checker) -> tuple[list[str], list[Problem]]:
    """Return the accepted lines, each after a comment that tells whence it came, and the problems.

    A file that cannot be read is a problem like any other.
    """
    largest = checker.language.largest
    accepted, problems, room = list[str](), list[Problem](), largest
    for file in found:
        try:
            text = file.read_bytes()[: room + 1].decode("utf-8-sig", errors="replace")
        except OSError as error:
            problems.append(Problem(file, 0, error.strerror or str(error)))
            continue
        room -= len(text)
        if room < 0:
            problems.append(Problem(file, 0, f"more than {largest >> 20} MB of rules"))
            break
        for number, line in rules.logical_lines(text):
            try:
                checker.check(line)
            except RuleError as error:
                problems.append(Problem(file, number, str(error)))
            else:
                accepted += [f"# {file.name}:{number}", line]
    return accepted, problems


def is_filter(line: str) -> bool:
    """Tell whether a line is no rule but says which of a rule's alerts are wanted."""
    return _FILTER.fullmatch(line) is not None


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
