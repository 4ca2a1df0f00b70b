# SPDX-License-Identifier: MIT
"""What a detection engine is to all the rest: an adapter that renders what the engine reads and
reads what it writes. Where it runs is the same for each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from appliance.ids.handover import Handover
from appliance.ruleset import quiet
from appliance.ruleset.filters import FilterLine
from appliance.ruleset.owner_rules import Checker, Entry, Gathered
from appliance.settings.config import Config

USER = "glovebox-ids"
# The door to an engine that starts anew, with its configuration made before it ends.
ANEW = "glovebox-ids-anew"
# The same path within the engine's root and outside of it.
DIRECTORY = Path("/run/glovebox-ids")
SPOOL = DIRECTORY / "spool"
ENGINE_ROOT = Path("/usr/lib/glovebox/engine")
# Holds a folder for each engine, and one for all of them.
TEMPLATES = Path("/usr/share/glovebox")
OWNER_RULES = (
    Path("/boot/firmware/rules"),
    Path("/var/lib/glovebox/rules.d"),
    # What was quietened on the page.
    quiet.FOLDER / quiet.LINES.parent,
)


@dataclass(frozen=True, slots=True)
class EngineAway:
    """When the engine was away last, in frames that had passed the interface by then.

    `began` is None while it is away.
    """

    ended: int
    began: int | None = None


@dataclass(frozen=True, slots=True)
class InspectorCount:
    """What one inspector of several was handed, and what of that it dropped unseen.

    `turns`: how often it fetched frames or asked for some, which grows while there are none, too.
    """

    offered: int
    lost: int
    turns: int


@dataclass(frozen=True, slots=True)
class EngineCount:
    """Frames handed to the engine since it is watched, and those of them it dropped unseen.

    `crowded`: it follows about as many connections as it has room for. `forgotten`: those that it
    gave up, or never followed, for want of room. `inspectors`: each one's, where there are several.
    """

    offered: int
    lost: int
    crowded: bool = field(default=False, compare=False)
    forgotten: int = field(default=0, compare=False)
    inspectors: tuple[InspectorCount, ...] = field(default=(), compare=False)

    @property
    def seen(self) -> int:
        """Frames that the engine inspected."""
        return self.offered - self.lost


@dataclass(frozen=True)
class Complaints:
    """What an engine said of rules: the reason for each line of owner.rules, by its number.

    `rest` is what it said besides, of no line.
    """

    lines: Mapping[int, str] = field(default_factory=dict)
    rest: str = ""


@dataclass(frozen=True)
class TestRun:
    """How an engine is started to judge its configuration; "@" stands for the folder of that.

    `names_all`: it names every rule that it refuses and takes the others.
    """

    program: str
    arguments: Sequence[str]
    names_all: bool


class Engine(Protocol):
    """An adapter; each is a module of this package."""

    @property
    def TITLE(self) -> str:
        """What people call it."""

    @property
    def TEST_RUN(self) -> TestRun:
        """How it judges rules without inspecting anything."""

    def checker(self, folder: Path, root: Path | None) -> Checker:
        """Return what judges the owner's lines; `root` None: without the packaged rules.

        Raises InputError.
        """

    def configuration(
        self,
        settings: Config,
        folder: Path,
        given: Gathered,
        tried: bool,
        ignore_checksums: bool = False,
        sets: Sequence[str] = (),
    ) -> dict[str, str]:
        """Fill in what is in `folder`; return the files by name below DIRECTORY. `start` runs it.

        `tried`: the engine has taken the owner's lines already; `ignore_checksums`: frames are
        inspected whatever their checksums are; `sets`: files of rule sets, as the engine sees
        them. Raises ConfigError, InputError.
        """

    def entries(self, given: Gathered) -> Sequence[Entry]:
        """Return what `configuration` writes into owner.rules."""

    def changed(self, line: FilterLine) -> str | None:
        """Say how a filter reaches it in another form than it was written; None: as it is."""

    def complaints(self, said: str) -> Complaints:
        """Understand what it says when it refuses something."""

    def handover(self, spool: Path, directory: Path, root: Path) -> Handover:
        """Return how its alerts are read; `directory` holds what `configuration` returned."""

    def count(self, spool: Path) -> EngineCount | None:
        """Return its own newest figures; None: they are the last ones still.

        Raises OSError, ValueError.
        """
