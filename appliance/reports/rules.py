# SPDX-License-Identifier: MIT
"""What is published of rules, and the same in words: the owner's own, by glovebox-ids-config, and
sets of the Internet, by glovebox-renewal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from appliance import words
from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that is not in force, or (line 0) a whole file; `file` is its name."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class RulesReport(StatusFile):
    """The owner's rules: how many of them are in force, and why the others are not.

    `engine` is what people call it, `tried` whether it was asked itself; `trouble` says why not.
    `filters` are suppress, event_filter and rate_filter lines. Of `left_out_count` lines the first
    ones are in `left_out`. `passed_over` are things in the folder that were not read, in words;
    `notes` is what is in force in another form than it was written.
    """

    NAME: ClassVar[str] = "rules"

    engine: str
    tried: bool
    rules: int = 0
    filters: int = 0
    left_out_count: int = 0
    left_out: tuple[LeftOut, ...] = ()
    passed_over: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    trouble: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the owner gave nothing."""
        return not (self.rules or self.filters or self.left_out_count or self.passed_over)

    @property
    def sentence(self) -> str:
        """Say in a sentence what is in force and what is not, with the first reason."""
        if self.is_empty:
            return "You have given no rules of your own."
        said = f"{self.in_force} of yours in force, {words.number(self.left_out_count)} left out"
        if self.left_out:
            return f"{said}: {self.left_out[0]}{self._more}."
        return f"{said}."

    @property
    def in_force(self) -> str:
        """Say how many rules are in force, and how many filters where there are any."""
        said = words.counted(self.rules, "rule") if self.rules else "No rule"
        return f"{said} and {words.counted(self.filters, 'filter')}" if self.filters else said

    @property
    def _more(self) -> str:
        more = self.left_out_count - 1
        return f" (and {words.number(more)} more)" if more else ""

    @property
    def judge(self) -> str:
        """Say who judged them."""
        if self.tried:
            return f"{self.engine} itself has tried them."
        reason = f": {self.trouble}" if self.trouble else ""
        return f"{self.engine} itself has not tried them{reason}."

    @property
    def lists(self) -> list[tuple[str, tuple[str, ...], int]]:
        """Return the lists there are: title, the first entries, and how many there are."""
        left_out = tuple(map(str, self.left_out))
        found = (
            ("Left out", left_out, self.left_out_count),
            ("Passed over", self.passed_over, len(self.passed_over)),
            ("Changed", self.notes, len(self.notes)),
        )
        return [each for each in found if each[2]]

    def lines(self) -> Iterator[str]:
        """Yield all that there is to say, a line each."""
        yield self.sentence
        if not self.is_empty:
            yield self.judge
        for title, entries, count in self.lists:
            yield from ("", f"{title}:", *(f"- {entry}" for entry in entries))
            if count > len(entries):
                yield f"- and {words.number(count - len(entries))} more"


@dataclass(frozen=True, slots=True)
class SetFacts:
    """A set within a generation: `digest` names the download that it is of (SHA-256).

    `rules` are in it; `refused` were left out for the reasons in `reasons`, and `beyond` because
    this board has no room for them: those of the files `left_out`.
    """

    name: str
    digest: str
    rules: int
    taken: float
    refused: int = 0
    reasons: dict[str, int] | None = None
    beyond: int = 0
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationFacts:
    """A generation: when it was made (since the epoch), and how it differs from the one before."""

    name: str
    made: float
    sets: tuple[SetFacts, ...]
    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def rules(self) -> int:
        """All rules of it."""
        return sum(each.rules for each in self.sets)

    @property
    def change(self) -> str:
        """Say how it differs from the one before."""
        said = f"{words.number(self.added)} rules added, {words.number(self.changed)} changed"
        return f"{said}, {words.number(self.removed)} removed"


@dataclass(frozen=True, slots=True)
class RuleSetStanding:
    """A set that is chosen, on the `page` or in the settings.

    `held` says why its newest download waits for the owner, who agrees to `digest`; `trouble` why
    it cannot be used.
    """

    name: str
    title: str
    page: bool
    digest: str = ""
    held: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class RenewalReport(StatusFile):
    """How rule sets stand at `updated` (since the epoch).

    `doing` is what is being done with them just now, empty for nothing; `told` is what came of
    the last change, at `told_at`. `in_force` names a generation, empty for none.
    """

    NAME: ClassVar[str] = "renewal"

    updated: float
    engine: str
    sets: tuple[RuleSetStanding, ...]
    generations: tuple[GenerationFacts, ...]
    in_force: str = ""
    doing: str = ""
    told: str = ""
    told_at: float = 0.0

    def lines(self) -> Iterator[str]:
        """Yield how everything stands, a line each."""
        if self.doing:
            yield f"Just now: {self.doing}."
        if self.told:
            yield self.told
        for each in self.sets:
            state = each.trouble or each.held
            yield f"{each.name}: {state or 'chosen'}"
        for made in self.generations:
            now = "in force" if made.name == self.in_force else "kept"
            yield f"{words.utc(made.made)}: {words.counted(made.rules, 'rule')}, {now}"
        if not self.sets:
            yield "No rule set is chosen."

    @property
    def force(self) -> GenerationFacts | None:
        """The generation in force."""
        return next((each for each in self.generations if each.name == self.in_force), None)

    @property
    def other(self) -> GenerationFacts | None:
        """The generation that one can go back to."""
        return next((each for each in self.generations if each.name != self.in_force), None)
