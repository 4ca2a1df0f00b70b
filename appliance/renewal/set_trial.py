# SPDX-License-Identifier: MIT
"""Let the engine itself judge a new generation, within the memory that it may have in force.

What it refuses by name is left out. Where it ends without a word about a rule, it is taken to have
had too little memory, and the next smaller part of the sets is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.errors import GloveboxError
from appliance.ids import engines, trial
from appliance.ids.engine import Engine
from appliance.ids.rules import Rule
from appliance.renewal import board_room, set_reading
from appliance.renewal.set_reading import SetReading, SetRule
from appliance.ruleset.owner_rules import Gathered, OwnerLine
from appliance.ruleset.set_places import CLASSES
from appliance.settings.config import Config

# For all attempts, in seconds of work: a Pi takes a minute for 20,000 rules.
BUDGET_S = 900.0
_ANY_RULE = Rule((), ())


class SetTrialError(GloveboxError):
    """The engine takes no part of it; the message says why, as the end of a sentence."""


@dataclass(frozen=True)
class TriedSets:
    """What the engine took: files by name, and of each set what was read of it."""

    content: Mapping[str, bytes]
    readings: Mapping[str, SetReading]
    kept: Mapping[str, int]
    rounds: int = 0


@dataclass(frozen=True)
class SetTrial:
    """The engine of these settings, with its templates and root, on a board with `memory` bytes.

    Of these `available` are free, while the engine runs. `folder` is where files may be laid down
    for the trial.
    """

    settings: Config
    templates: Path
    root: Path
    folder: Path
    memory: int
    available: int | None = None
    judge: Callable[[trial.Trial, Gathered], trial.Settled] = field(
        default=lambda made, given: made.judge(given)
    )

    def run(self, sets: Mapping[str, Mapping[str, bytes]]) -> TriedSets:
        """Try sets, each by its files. Raises SetTrialError, InputError, OSError."""
        said = "there is nothing in it"
        before = -1
        for profile in board_room.PROFILES:
            readings = self._read(sets, profile)
            count = sum(len(each.rules) for each in readings.values())
            if count == before:
                continue
            before = count
            classes = self._classes(sets)
            settled = self._judged(readings, classes)
            if settled.trouble is None and (settled.kept or not count):
                return _tried(readings, settled, classes)
            said = settled.trouble or "it takes none of its rules"
        raise SetTrialError(said)

    @property
    def _engine(self) -> Engine:
        return engines.ENGINES[self.settings.ids.engine]

    def _read(
        self, sets: Mapping[str, Mapping[str, bytes]], profile: float
    ) -> Mapping[str, SetReading]:
        """Read all sets; those that come first have room before the others."""
        room = board_room.rules_for(self.memory, self.settings.ids.engine, profile)
        classes = self._classes(sets)
        checker = self._engine.checker(self.templates, self.root).knowing(classes)
        found = dict[str, SetReading]()
        for name, files in sets.items():
            found[name] = set_reading.read_set(files, checker, room)
            room -= len(found[name].rules)
        return _each_once(found)

    def _classes(self, sets: Mapping[str, Mapping[str, bytes]]) -> Mapping[str, str]:
        checker = self._engine.checker(self.templates, self.root)
        texts = [files[set_reading.CLASS_FILE] for files in sets.values()
                 if set_reading.CLASS_FILE in files]  # fmt: skip
        return set_reading.classes_of(texts, checker.classifications)

    def _judged(
        self, readings: Mapping[str, SetReading], classes: Mapping[str, str]
    ) -> trial.Settled:
        file = self.folder / CLASSES
        file.write_text(_class_text(classes), encoding="ascii")
        limit = board_room.trial_memory(self.memory, self.available)
        made = trial.Trial(
            self._engine, self.settings, self.templates, self.root,
            sets=[str(file)] if classes else [],
            limits=["prlimit", f"--data={limit}"],
            budget=BUDGET_S,
        )  # fmt: skip
        return self.judge(made, Gathered([_line(rule) for _, rule in _all(readings)]))


def _all(readings: Mapping[str, SetReading]) -> Sequence[tuple[str, SetRule]]:
    return [(name, rule) for name, each in readings.items() for rule in each.rules.values()]


def _line(rule: SetRule) -> OwnerLine:
    return OwnerLine(rule.file, rule.line, rule.text, _ANY_RULE)


def _each_once(readings: Mapping[str, SetReading]) -> Mapping[str, SetReading]:
    """Of two sets with one number the first has it."""
    seen = set[tuple[int, int]]()
    for each in readings.values():
        for key in each.rules.keys() & seen:
            each.refuse(each.rules[key].file, "another set has its number")
            del each.rules[key]
        seen |= each.rules.keys()
    return readings


def _class_text(classes: Mapping[str, str]) -> str:
    return "".join(f"{line}\n" for line in classes.values())


def _tried(
    readings: Mapping[str, SetReading], settled: trial.Settled, classes: Mapping[str, str]
) -> TriedSets:
    listed = _all(readings)
    for place, reason in settled.refused.items():
        name, rule = listed[place]
        readings[name].refuse(f"{rule.file}:{rule.line}", reason)
    lines = {name: list[str]() for name in readings}
    for place in settled.kept:
        name, rule = listed[place]
        lines[name].append(rule.text)
    content = {
        f"{name}.rules": trial.encoded("".join(f"{line}\n" for line in each))
        for name, each in lines.items()
    }
    if classes:
        content[CLASSES] = _class_text(classes).encode()
    kept = {name: len(each) for name, each in lines.items()}
    return TriedSets(content, readings, kept, settled.rounds)
