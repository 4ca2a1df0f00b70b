# SPDX-License-Identifier: MIT
"""The rules of a set, line by line: what may stand, and what a stranger's rule may not do.

A set comes from outside. A rule of it may raise an alert and nothing else: none that lets frames
pass unseen, stops a connection, writes a file, runs a script, or bears a number of ours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from appliance.ids.rules import Key, Rule, RuleError
from appliance.renewal.board_room import rank
from appliance.ruleset import owner_files
from appliance.ruleset.filters import FilterLine
from appliance.ruleset.owner_rules import Checker

ACTIONS = frozenset(("alert",))
# What would reach beyond an alert (Suricata's manual, "Rules"; Snort manual, 3.6 and 3.7).
FORBIDDEN = frozenset(
    ("lua", "luajit", "luaxform", "dataset", "datarep", "filestore", "bypass", "replace", "resp",
     "react", "session", "logto", "tag", "activates", "activated_by", "iprep")
)  # fmt: skip
CLASS_FILE = "classification.config"
MOST_CLASSES, SAMPLES = 200, 5
_CLASS = re.compile(
    r"^config classification:\s*([a-z0-9-]{1,40})\s*,"
    r"\s*([A-Za-z0-9 /()'-]{1,100}?)\s*,\s*([1-4])\s*$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class SetRule:
    """A rule that may stand: the file and the line it is on, its number, its text."""

    file: str
    line: int
    key: Key
    rev: int
    text: str


@dataclass
class SetReading:
    """What a set holds. `refused` counts why rules were left out; `beyond` had no room here."""

    rules: dict[Key, SetRule] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)
    beyond: int = 0
    left_out_files: list[str] = field(default_factory=list)

    def refuse(self, where: str, reason: str) -> None:
        """Count a rule that may not stand; the reason is shown of the first ones."""
        self.refused[reason.split(":")[0][:80]] += 1
        if len(self.samples) < SAMPLES:
            self.samples.append(owner_files.printable(f"{where}: {reason}")[:200])


def read_set(files: Mapping[str, bytes], checker: Checker, room: int) -> SetReading:
    """Read the rules of a set, the most useful files first, as long as there is `room` (rules)."""
    reading = SetReading()
    for name in sorted((each for each in files if each.endswith(".rules")), key=rank):
        _read_file(reading, name, files[name], checker, room)
    return reading


def _read_file(reading: SetReading, name: str, content: bytes, checker: Checker, room: int) -> None:
    found = list(_rules_of(reading, name, content, checker))
    new = {rule.key for rule in found} - reading.rules.keys()
    left = room - len(reading.rules)
    if len(new) > left:
        # Numbers rise with time: the newest rules are those of what goes around now.
        beyond = set(sorted(new)[: len(new) - max(left, 0)])
        found = [rule for rule in found if rule.key not in beyond]
        reading.beyond += len(beyond)
        reading.left_out_files.append(name)
    for rule in found:
        before = reading.rules.get(rule.key)
        if before is None or before.rev < rule.rev:
            reading.rules[rule.key] = rule
        if before is not None:
            reading.refuse(f"{rule.file}:{rule.line}", "its number stands twice")


def _rules_of(
    reading: SetReading, name: str, content: bytes, checker: Checker
) -> Iterator[SetRule]:
    for number, text in owner_files.lines(content):
        try:
            yield _rule(name, number, text, checker)
        except RuleError as error:
            reading.refuse(f"{name}:{number}", str(error))


def _rule(name: str, number: int, text: str, checker: Checker) -> SetRule:
    given = checker.check(text)
    if isinstance(given, FilterLine):
        raise RuleError("no rule, but says which alerts are wanted")
    if given.header[0].lower() not in ACTIONS:
        raise RuleError("its action is another than alert")
    for keyword, _ in given.options:
        if keyword.lower() in FORBIDDEN:
            raise RuleError("it does more than raise an alert")
    _check_gid(given)
    return SetRule(name, number, given.key, given.rev, text)


def _check_gid(given: Rule) -> None:
    if given.key[0] != 1:
        raise RuleError("its generator is another than 1")


def classes_of(contents: Iterable[bytes], known: Collection[str]) -> dict[str, str]:
    """Return the lines that tell an engine of classes which it does not know yet, by name."""
    found: dict[str, str] = {}
    for content in contents:
        for name, words, priority in _CLASS.findall(content.decode("ascii", "replace")):
            if name not in known and len(found) < MOST_CLASSES:
                found.setdefault(name, f"config classification: {name},{words},{priority}")
    return found
