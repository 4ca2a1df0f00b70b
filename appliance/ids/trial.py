# SPDX-License-Identifier: MIT
"""Try the owner's rules with the engine itself, and leave out the lines that it refuses.

Snort ends at the first line that it refuses, and all rules with it. So that line is left out and
the rest is tried again, until Snort takes them or the time is up; what was not tried by then stays
out. Where an engine names no line, or dies, halving finds the line.
"""

from __future__ import annotations

import functools
import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.ids import marker
from appliance.ids.engine import DIRECTORY, Engine
from appliance.reports.rules import LeftOut, RulesReport
from appliance.ruleset import owner_files, owner_rules
from appliance.ruleset.filters import FilterLine
from appliance.ruleset.owner_files import Problem
from appliance.ruleset.owner_rules import Gathered
from appliance.settings.config import Config

# The supervisor takes an engine that does not come up within two minutes for stuck.
BUDGET_S = 45.0
# For the last attempt, when the time is up: with the lines that were taken already.
GRACE_S = 20.0
# On a busy machine the engine gets this share of the time at least.
SHARE = 0.25
LONGEST_REASON = 240
MOST_LEFT_OUT = 200

LOADERS = {
    "x86_64": "lib64/ld-linux-x86-64.so.2",
    "aarch64": "lib/ld-linux-aarch64.so.1",
    "armv7l": "lib/ld-linux-armhf.so.3",
}
# Paths inside the engine's root, as its configuration names them.
_INSIDE = re.compile(r"(?<=\s)/(?=(?:etc|usr)/)")

NOT_TRIED = "not tried: too many lines before it were refused, and the time was up"


@dataclass(frozen=True)
class Attempt:
    """How the engine took some lines. `refused` are their places with the engine's reasons.

    `is_late`: it was still at it when its time was up. `is_complete`: it refuses nothing else and
    takes the rest. `said` is for people.
    """

    accepted: bool
    refused: Mapping[int, str] = field(default_factory=dict)
    said: str = ""
    is_late: bool = False
    is_complete: bool = False


@dataclass(frozen=True)
class Settled:
    """The places of the lines in force, and why the others are not.

    `trouble` says why the engine could not judge them at all.
    """

    kept: Sequence[int]
    refused: Mapping[int, str] = field(default_factory=dict)
    rounds: int = 0
    trouble: str | None = None


Attempts = Callable[[Sequence[int], float], Attempt]
"""Tries the lines at some places, for at most so many seconds."""


def settle(
    count: int,
    attempt: Attempts,
    budget: float = BUDGET_S,
    clock: Callable[[], float] | None = None,
) -> Settled:
    """Find out which of `count` lines the engine takes; each attempt is bounded, and their sum.

    `budget` is in seconds of `clock`; without one, of work (see `stopwatch`).
    """
    clock = clock or stopwatch()
    return _Rounds(count, attempt, clock() + budget, clock).run()


def stopwatch() -> Callable[[], float]:
    """Return a clock of the work that child processes do, in seconds of CPU time.

    It goes on at SHARE of the pace of a real clock where they do nothing.
    """
    began, worked = time.monotonic(), _worked()
    return lambda: max(_worked() - worked, (time.monotonic() - began) * SHARE)


def _worked() -> float:
    times = os.times()
    return times.children_user + times.children_system


class _Rounds:
    def __init__(
        self, count: int, attempt: Attempts, deadline: float, clock: Callable[[], float]
    ) -> None:
        self._kept = list(range(count))
        self._refused: dict[int, str] = {}
        self._attempt, self._deadline, self._clock = attempt, deadline, clock
        self._rounds = 0

    def run(self) -> Settled:
        found = self._try(self._kept)
        while not found.accepted and not found.is_late:
            refused = found.refused or self._blamed()
            if refused is None:
                return Settled(self._kept, self._refused, self._rounds, found.said)
            self._leave_out(refused)
            if found.is_complete:
                break
            found = self._try(self._kept)
        if found.is_late:
            self._give_up()
        return Settled(self._kept, self._refused, self._rounds)

    def _try(self, places: Sequence[int]) -> Attempt:
        seconds = self._deadline - self._clock()
        if seconds <= 0:
            return Attempt(False, is_late=True)
        self._rounds += 1
        return self._attempt(places, seconds)

    def _leave_out(self, refused: Mapping[int, str]) -> None:
        self._refused |= refused
        self._kept = [place for place in self._kept if place not in refused]

    def _blamed(self) -> Mapping[int, str] | None:
        """Return the first line with which the engine refuses what is before it and this.

        None where it refuses its own configuration.
        """
        good, bad = 0, len(self._kept)
        said = ""
        if not self._kept or not self._try([]).accepted:
            return None
        while bad - good > 1:
            middle = (good + bad) // 2
            found = self._try(self._kept[:middle])
            if found.refused or found.is_late:
                return found.refused
            good, bad = (middle, bad) if found.accepted else (good, middle)
            said = found.said or said
        found = self._try(self._kept[:bad])
        return found.refused or {self._kept[bad - 1]: found.said or said or "refused"}

    def _give_up(self) -> None:
        """Keep what stands before the last line that was refused, if the engine takes that."""
        end = max(self._refused, default=0)
        before = [place for place in self._kept if place < end]
        taken = bool(before) and self._attempt(before, GRACE_S).accepted
        kept = before if taken else []
        self._refused |= {place: NOT_TRIED for place in self._kept if place not in set(kept)}
        self._kept = kept


def program(root: Path, name: str) -> list[str]:
    """Return the words that start a program of an engine's root through the root's own loader.

    So nothing is mounted and no right is needed. Raises FileNotFoundError.
    """
    loader = root / LOADERS.get(platform.machine(), "lib/ld-linux.so")
    found = next((path for path in sorted(root.glob(f"usr/*bin/{name}"))), None)
    if found is None or not loader.exists():
        raise FileNotFoundError(f"no {name} for this machine in {root}")
    folders = [str(path) for path in sorted(root.glob("usr/lib/*-linux-gnu*")) if path.is_dir()]
    libraries = ":".join([*folders, str(root / "usr/lib")])
    return [str(loader), "--library-path", libraries, str(found)]


def run(
    words: Sequence[str], files: Mapping[str, bytes], inside: Path, root: Path, seconds: float
) -> tuple[int | None, str]:
    """Let a program of a root read these files; return its status and what it said.

    `files` name paths below `inside` and those of the root; both are put where they really are.
    "@" in `words` stands for the folder of the files. The status is None where `seconds` of work
    were not enough.
    Raises OSError.
    """
    with tempfile.TemporaryDirectory(prefix="glovebox-rules-") as name:
        folder = Path(name)
        (folder / "spool").mkdir()
        (folder / "rules").mkdir()
        for file, content in {"rules/marker.rules": _MARKER, **files}.items():
            (folder / file).write_bytes(_relocated(file, content, inside, folder, root))
        argv = [word.replace("@", name) for word in words]
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                cwd=folder, timeout=seconds / SHARE, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, done.stdout.decode("utf-8", "replace").replace(f"{name}/", "")


_MARKER = marker.rule("00" * marker.SECRET_BYTES).encode() + b"\n"


def _relocated(file: str, content: bytes, inside: Path, folder: Path, root: Path) -> bytes:
    if file.endswith(".rules"):
        return content
    text = content.decode("utf-8", "surrogateescape").replace(str(inside), str(folder))
    text = _INSIDE.sub(lambda _: f"{root}/", text)
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Trial:
    """An engine, what fills in its configuration, and its root.

    `sets` are files that are read besides; `limits` are the words of a command that bounds what
    follows it; `budget` is for all attempts together, in seconds of work.
    """

    engine: Engine
    settings: Config
    folder: Path
    root: Path
    sets: Sequence[str] = ()
    limits: Sequence[str] = ()
    budget: float = BUDGET_S

    def judge(self, given: Gathered) -> Settled:
        """Let the engine judge all lines. What it cannot do is told, and then all lines stay."""
        try:
            attempt = functools.partial(self._attempt, given)
            return settle(len(given.lines), attempt, self.budget)
        except OSError as error:
            return Settled(range(len(given.lines)), trouble=str(error))

    def _attempt(self, given: Gathered, places: Sequence[int], seconds: float) -> Attempt:
        some = Gathered([given.lines[place] for place in places])
        texts = self.engine.configuration(self.settings, self.folder, some, True, sets=self.sets)
        content = {name: encoded(text) for name, text in texts.items()}
        how = self.engine.TEST_RUN
        words = [*self.limits, *program(self.root, how.program), *how.arguments]
        status, said = run(words, content, DIRECTORY, self.root, seconds)
        if status is None:
            return Attempt(False, is_late=True)
        if status == 0:
            return Attempt(True)
        return self._refused(some, places, said, status)

    def _refused(self, some: Gathered, places: Sequence[int], said: str, status: int) -> Attempt:
        found = self.engine.complaints(said)
        entries = self.engine.entries(some)
        refused = {
            places[place]: plain(reason).rstrip(".")
            for number, reason in found.lines.items()
            if (place := owner_rules.place_of(number, entries)) is not None
        }
        rest = plain(found.rest) or (f"it ended by signal {-status}" if status < 0 else "")
        if self.limits and not refused:
            # Which line it is would be looked for in vain: it is all of them together.
            raise OSError(f"it ended without naming a rule, most likely for want of memory: {rest}")
        complete = self.engine.TEST_RUN.names_all and bool(refused) and not rest
        return Attempt(False, refused, rest, is_complete=complete)


def in_force(given: Gathered, settled: Settled) -> Gathered:
    """Return what is left of the lines, with the engine's reasons for the others."""
    problems = [
        Problem(given.lines[place].file, given.lines[place].line, reason)
        for place, reason in sorted(settled.refused.items())
    ]
    lines = [given.lines[place] for place in settled.kept]
    return Gathered(lines, [*given.problems, *problems], given.passed_over)


def report(engine: Engine, given: Gathered, settled: Settled | None) -> RulesReport:
    """Say of lines in force what is published; `settled` None: the engine was not asked."""
    problems = sorted(given.problems, key=lambda each: (each.file, each.line))
    trouble = settled.trouble if settled else None
    return RulesReport(
        engine=engine.TITLE,
        tried=settled is not None and trouble is None,
        rules=sum(not each.is_filter for each in given.lines),
        filters=sum(each.is_filter for each in given.lines),
        left_out_count=len(problems),
        left_out=tuple(
            LeftOut(each.file, each.line, plain(each.reason)) for each in problems[:MOST_LEFT_OUT]
        ),
        passed_over=tuple(given.passed_over),
        notes=tuple(_notes(engine, given)),
        trouble=plain(trouble) if trouble else None,
    )


def _notes(engine: Engine, given: Gathered) -> list[str]:
    found = [
        f"{each.file}:{each.line}: {words}"
        for each in given.lines
        if isinstance(each.given, FilterLine) and (words := engine.changed(each.given))
    ]
    return found[:MOST_LEFT_OUT]


def encoded(text: str) -> bytes:
    """Return a text as bytes: those that were no UTF-8 are what they were."""
    return text.encode("utf-8", "surrogateescape")


def plain(said: str) -> str:
    """Return words on one line that can be shown, and no more than is read."""
    text = " ".join(owner_files.printable(said).split())
    return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1]}…"
