# SPDX-License-Identifier: MIT
"""The owner's own rules: every line that can stand is taken, the others are named with the reason.

This check is about what people get wrong: a rule for another engine, a sid that is taken, a slip of
the pen. What it cannot know, the engine says when it tries the rules (`trial`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.ids import rules
from appliance.ids.rules import Key, Rule, RuleError, Standing
from appliance.ruleset import filters, owner_files, slips
from appliance.ruleset.filters import FilterLine, Forms
from appliance.ruleset.owner_files import Problem

RESERVED = range(1_000_000, 1_001_000)
DIRECTIONS = ("->", "<>")
ELSEWHERE = ("include", "config", "var", "ipvar", "portvar", "preprocessor", "output", "ruletype")
# Longer than any rule, and than what engines read of a line.
LONGEST_LINE = 1 << 16

_VARIABLE = re.compile(r"\$\(?(\w+)")
_CONTENT = re.compile(r'!?\s*"(?:[^"\\|]|\\.|\|[0-9A-Fa-f\s]*\|)+"(\s*,.*)?')
# Of a file with so many wrong lines the rest is not even read.
MOST_WRONG = 20_000

# As UTF-8, and as bytes of Windows-1252.
_TYPOGRAPHIC = re.compile(
    "[:(,]\\s*(?:!\\s*)?[\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\udc84\udc91-\udc94]"
)
_BEHIND = re.compile(r"\)\s*([^)\s][^)]*)$")


WITHIN = "the rule has a limit within itself (threshold or detection_filter), which holds"


@dataclass(frozen=True)
class Language:
    """What rules of an engine are written in; None: the engine itself says what it does not know.

    More than `largest` bytes are too much for a machine of 1 GB. `blanks`: lists may have them.
    `tabs`: one may stand before the options. `one_limit`: a limit takes the place of a rule's own
    detection_filter.
    """

    name: str
    largest: int
    forms: Forms
    actions: frozenset[str] | None = None
    protocols: frozenset[str] | None = None
    options: frozenset[str] | None = None
    blanks: bool = True
    tabs: bool = True
    own_classes: bool = True
    one_limit: bool = False

    def keeps_limits_out(self, rule: Rule | Standing) -> bool:
        """Tell whether a rule has something within itself that a limit cannot stand beside."""
        return rule.is_limited or (self.one_limit and rule.counts)


@dataclass(frozen=True, slots=True)
class OwnerLine:
    """A line of the owner's that stood the check; `given` is a rule or a filter, taken apart."""

    file: str
    line: int
    text: str
    given: Rule | FilterLine

    @property
    def is_filter(self) -> bool:
        """Whether it says which alerts of a rule are wanted, and is no rule."""
        return isinstance(self.given, FilterLine)


@dataclass
class Gathered:
    """What the owner gave: the lines that stand, those left out, and what was not even read."""

    lines: list[OwnerLine] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    @property
    def filters(self) -> list[FilterLine]:
        """Return the filters among the lines."""
        return [each.given for each in self.lines if isinstance(each.given, FilterLine)]

    @property
    def limits(self) -> frozenset[Key]:
        """Return the numbers of the rules that the owner gave limits for."""
        return frozenset(each.key for each in self.filters if each.kind == filters.EVENT_FILTER)


class Checker:
    """Takes in one line after the other. `standing` returns the rules that are there already.

    These are thousands; most owners gave no line that they could stand in the way of, and the start
    waits for the answer, so they are read only for one that did.
    """

    def __init__(
        self,
        language: Language,
        variables: Iterable[str],
        classifications: Iterable[str],
        standing: Callable[[], Mapping[Key, Standing]],
    ) -> None:
        self.language = language
        self._standing = standing
        self.classifications = frozenset(classifications)
        self._variables = frozenset(variables)

    def knowing(self, classes: Iterable[str]) -> Checker:
        """Return one that knows these classes, too."""
        known = self.classifications.union(classes)
        return Checker(self.language, self._variables, known, lambda: self.standing)

    @functools.cached_property
    def standing(self) -> Mapping[Key, Standing]:
        """Return the rules that are there already. Raises InputError."""
        return self._standing()

    def check(self, line: str) -> Rule | FilterLine:
        """Take a line apart. Raises RuleError with the reason why it cannot stand."""
        if len(line) > LONGEST_LINE:
            raise RuleError(f"longer than {LONGEST_LINE} letters")
        if "\0" in line:
            raise RuleError("holds a zero byte, which belongs to no text")
        if filters.is_filter(line):
            return filters.parse(line, self.language.forms, self._variables)
        return self._rule(line)

    def _rule(self, line: str) -> Rule:
        first = line.split(None, 1)[0].rstrip(":").lower()
        if first in ELSEWHERE:
            raise RuleError(
                f"'{first}' belongs to the engine's configuration; only rules stand here"
            )
        slips.check_line(line, self.language.tabs)
        try:
            rule = rules.parse(line)
        except RuleError as error:
            raise RuleError(_explained(line, str(error))) from None
        if _TYPOGRAPHIC.search(line):
            raise RuleError('typographic quotes: write straight ones (") instead')
        if not line.partition("(")[0].isascii():
            raise RuleError("a letter before the options that is no plain one, or an odd blank")
        self._check_header(rule.header)
        slips.check_options(rule)
        self._check_words(rule)
        self._check_number(rule)
        return rule

    def _check_header(self, header: Sequence[str]) -> None:
        if len(header) != 7:
            raise RuleError("expected: action protocol source port direction destination port (…)")
        action, protocol, direction = header[0], header[1], header[4]
        known = self.language
        if known.actions is not None and action.lower() not in known.actions:
            raise RuleError(f"action '{action[:32]}': {known.name} has {_list(known.actions)}")
        if known.protocols is not None and protocol.lower() not in known.protocols:
            raise RuleError(
                f"protocol '{protocol[:32]}': {known.name} has {_list(known.protocols)}"
            )
        if direction not in DIRECTIONS:
            raise RuleError(f"direction '{direction[:32]}': expected -> or <>")
        if not known.blanks and (lists := [word for word in header if " " in word]):
            joined = "".join(lists[0].split())
            raise RuleError(f"{known.name} takes no blanks in a list; write {joined[:80]}")

    def _check_words(self, rule: Rule) -> None:
        for name in _VARIABLE.findall(" ".join(rule.header)):
            if name not in self._variables:
                raise RuleError(f"no variable ${name[:32]}; there are {_list(self._variables)}")
        for keyword, value in rule.options:
            if '"' in keyword:
                raise RuleError("a ; inside of a text is written \\;")
            if self.language.options is not None and keyword.lower() not in self.language.options:
                raise RuleError(f"'{keyword[:40]}' is no option of {self.language.name}")
            if keyword.lower() in ("content", "uricontent") and not _CONTENT.fullmatch(value):
                raise RuleError(
                    f"{keyword}:{value[:40]}: expected text in straight quotes, with |hex bytes|"
                )
        classtype = rule.option("classtype")
        known = self.language.own_classes or classtype is None or classtype in self.classifications
        if not known:
            raise RuleError(f"no classtype '{str(classtype)[:40]}'")

    def _check_number(self, rule: Rule) -> None:
        (gid, sid), rev = rule.key, rule.rev
        if gid == 1 and sid in RESERVED:
            raise RuleError(
                f"sid {sid}: {RESERVED[0]} to {RESERVED[-1]} are Glovebox's own;"
                f" yours begin at {RESERVED[-1] + 1}"
            )
        before = self.standing.get(rule.key)
        if before is not None and before.rev >= rev:
            raise RuleError(f"sid {sid} is taken by another rule, of revision {before.rev}")


def _explained(line: str, reason: str) -> str:
    """Return a better reason for what is no rule, where one shows."""
    if found := _BEHIND.search(line):
        return f"'{found[1][:40]}' stands behind the closing bracket"
    if "(" in line:
        return reason
    return slips.instead(line) or f"no rule: {reason}"


def gather(directories: Sequence[Path], checker: Checker) -> Gathered:
    """Return what the owner put into these folders, judged line by line. Never raises OSError."""
    found = owner_files.find(directories)
    gathered = collect(found.files, checker)
    gathered.problems[:0] = found.problems
    gathered.passed_over += found.passed_over
    return gathered


def collect(files: Iterable[Path], checker: Checker) -> Gathered:
    """Return what is in these files. One that cannot be read is a problem like any other."""
    collection = _Collection(checker)
    room = checker.language.largest
    for file in files:
        name = owner_files.shown(file.name)
        try:
            content = owner_files.read(file, room)
        except OSError as error:
            collection.problems.append(Problem(name, 0, error.strerror or str(error)))
            continue
        except ValueError as error:
            collection.problems.append(Problem(name, 0, str(error)))
            continue
        if len(content) > room:
            most = checker.language.largest >> 20
            words = f"too large: {checker.language.name} gets at most {most} MB of rules here"
            collection.problems.append(Problem(name, 0, words))
            continue
        room -= len(content)
        collection.add(name, content)
    return collection.result()


class _Collection:
    """Sorts lines: of two revisions of a rule the newer stands, of two limits the later."""

    def __init__(self, checker: Checker) -> None:
        self.problems: list[Problem] = []
        self._checker = checker
        self._next = 0
        self._lines: dict[int, OwnerLine] = {}
        self._rules: dict[Key, int] = {}
        self._limits: dict[Key, int] = {}

    def add(self, name: str, content: bytes) -> None:
        """Take in a file."""
        wrong = 0
        for number, text in owner_files.lines(content):
            if wrong == MOST_WRONG:
                words = (
                    f"{MOST_WRONG:,} lines before it are wrong; this and what follows was not read"
                )
                self.problems.append(Problem(name, number, words))
                return
            try:
                given = self._checker.check(text)
                self._take(OwnerLine(name, number, text, given))
            except RuleError as error:
                self.problems.append(Problem(name, number, str(error)))
                wrong += 1

    def _take(self, line: OwnerLine) -> None:
        place = self._next
        self._next += 1
        if isinstance(line.given, Rule):
            self._displace_rule(line.given, line)
            self._rules[line.given.key] = place
        elif line.given.kind == filters.EVENT_FILTER:
            self._displace_limit(line.given.key, line)
            self._limits[line.given.key] = place
        self._lines[place] = line

    def _displace_rule(self, rule: Rule, line: OwnerLine) -> None:
        place = self._rules.get(rule.key)
        if place is None:
            return
        before = self._lines[place]
        assert isinstance(before.given, Rule)
        where = f"{before.file}:{before.line}"
        if rule.rev <= before.given.rev:
            raise RuleError(
                f"sid {rule.key[1]} is taken by another rule, {where}, of revision"
                f" {before.given.rev}"
            )
        self._displace(place, f"{line.file}:{line.line} has revision {rule.rev} of this rule")

    def _displace_limit(self, key: Key, line: OwnerLine) -> None:
        if key in self._limits:
            self._displace(self._limits[key], f"{line.file}:{line.line} sets another limit for it")

    def _displace(self, place: int, reason: str) -> None:
        before = self._lines.pop(place)
        self.problems.append(Problem(before.file, before.line, reason))

    def result(self) -> Gathered:
        """Return what stands, in order; limits for rules that limit themselves do not."""
        language = self._checker.language
        own = {each.given.key: each.given for each in self._lines.values()
               if isinstance(each.given, Rule)}  # fmt: skip
        for key in list(self._limits):
            rule = own.get(key) or self._checker.standing.get(key)
            if rule is not None and language.keeps_limits_out(rule):
                self._displace(self._limits[key], WITHIN)
        order = sorted(self.problems, key=lambda each: (each.file, each.line))
        return Gathered([self._lines[place] for place in sorted(self._lines)], order)


Entry = tuple[int, str]
"""A line as the engine gets it, after the place of the line that it stands for."""


def written(lines: Iterable[OwnerLine], forms: Forms) -> tuple[list[Entry], list[Entry]]:
    """Return rules and filters as the engine gets them, each in order."""
    found: tuple[list[Entry], list[Entry]] = [], []
    for place, each in enumerate(lines):
        if isinstance(each.given, Rule):
            found[0].append((place, each.text))
        else:
            found[1].extend((place, text) for text in each.given.lines(forms))
    return found


def text(entries: Iterable[Entry], lines: Sequence[OwnerLine]) -> str:
    """Return the text of a file of rules: before each line a comment that tells whence it came.

    `place_of` finds an entry again by the number of its line.
    """
    return "".join(
        f"# {lines[place].file}:{lines[place].line}\n{entry}\n" for place, entry in entries
    )


def place_of(number: int, entries: Sequence[Entry]) -> int | None:
    """Return the place of what stands on a line of such a text; None where nothing does."""
    index = (number - 1) // 2
    return entries[index][0] if number > 0 and index < len(entries) else None


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
