# SPDX-License-Identifier: MIT
"""`glovebox renewal`: bring the newest rule sets into force, or do what the page asks of them."""

from __future__ import annotations

import argparse
import contextlib
import functools
import logging
import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import requests, service
from appliance.host import machine
from appliance.ids import engines
from appliance.ids.engine import ENGINE_ROOT, SPOOL, TEMPLATES, USER
from appliance.ids.templates import interface_of
from appliance.intel.fetched_lists import FOLDER as FETCHED
from appliance.intel.fetched_lists import RULES
from appliance.renewal import board_room
from appliance.renewal.candidate import SetGathering
from appliance.renewal.engine_view import EngineView
from appliance.renewal.generations import Generations
from appliance.renewal.renew import Renewal, Sets
from appliance.renewal.set_trial import SetTrial, TriedSets
from appliance.renewal.set_verdicts import SetVerdicts
from appliance.renewal.wishes import WISHES, RenewalWish, RenewalWishKind, inbox
from appliance.reports.rules import RenewalReport
from appliance.ruleset import chosen_sets, set_places
from appliance.ruleset.set_places import SetPlaces
from appliance.service import Running
from appliance.settings.config import Config

FETCH_UNIT = "glovebox-fetch.service"
# As long as something new comes while a round lasts, another follows, so many at most.
MOST_ROUNDS = 5

log = logging.getLogger(__name__)


@dataclass
class RenewalRun:
    """One run of the service over the wishes and downloads that are there."""

    running: Running
    doors: Path

    def run(self) -> None:
        """Do what is wanted, and then bring into force what can be. Raises OSError."""
        wishes = inbox(self._arguments.wishes).take()
        for wish in wishes:
            self._choose(wish)
        renewal = self._renewal()
        for wish in wishes:
            if wish.kind is RenewalWishKind.AGREE:
                renewal.agree(wish.what, wish.digest)
            elif wish.kind is RenewalWishKind.BACK:
                renewal.go_back()
        renewal.round()

    @property
    def _arguments(self) -> argparse.Namespace:
        return self.running.arguments

    def _choose(self, wish: RenewalWish) -> None:
        log.warning("the owner asks: %s %.80r", wish.kind.value, wish.what)
        if wish.kind not in (RenewalWishKind.CHOOSE, RenewalWishKind.LEAVE):
            return
        with contextlib.suppress(KeyError):
            wanted = wish.kind is RenewalWishKind.CHOOSE
            chosen_sets.choose(self._arguments.folder, wish.what, wanted)
            with contextlib.suppress(FileExistsError):
                requests.restart(FETCH_UNIT, self.doors)

    def _renewal(self) -> Renewal:
        arguments, settings = self._arguments, self.running.settings
        folder = set_places.folder_of(arguments.folder, settings.ids.engine, arguments.root)
        folder.mkdir(mode=0o750, exist_ok=True)
        _forget_others(arguments.folder, folder)
        places = SetPlaces(folder, arguments.trial)
        gathering = SetGathering(arguments.downloads, SetVerdicts(folder), Generations(folder))
        last = RenewalReport.read()
        door = self._door(settings)
        return Renewal(
            settings.ids.engine, chosen_sets.chosen(settings, arguments.folder), places, gathering,
            functools.partial(self._tries, door), door, time.time, self._wait, self._publish,
            told=last.told if last else "", told_at=last.told_at if last else 0.0,
        )  # fmt: skip

    def _publish(self, report: RenewalReport) -> None:
        self.running.publisher.publish(report)

    def _wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def _door(self, settings: Config) -> EngineView:
        is_suricata = settings.ids.engine == "suricata"
        return EngineView(
            interface_of(settings), is_suricata, is_suricata and _is_roomy(), doors=self.doors,
            trial=self._arguments.trial, spool=self._arguments.spool, user=self._arguments.user,
        )  # fmt: skip

    def _tries(self, door: EngineView, sets: Sets) -> TriedSets:
        arguments, settings = self._arguments, self.running.settings
        with tempfile.TemporaryDirectory(prefix="glovebox-sets-") as folder:
            templates = arguments.templates / settings.ids.engine
            memory = machine.memory()
            trial = SetTrial(
                settings, templates, arguments.root, Path(folder), memory.total, memory.available
            )
            tried = trial.run(sets)
        if settings.ids.engine == "suricata":
            # What the trial took, the engine takes beside what it has.
            memory = machine.memory()
            door.live = board_room.is_live(memory.total, memory.available, _largest_trial())
        return tried


def _largest_trial() -> int:
    """Return the most bytes that a trial of this run had in memory (getrusage(2))."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10


def _forget_others(base: Path, folder: Path) -> None:
    """Remove what the engines of other images took; downloads are tried anew with this one."""
    for other in base.iterdir():
        if other.is_dir() and other != folder:
            shutil.rmtree(other, ignore_errors=True)


def _is_roomy() -> bool:
    """Tell whether there is memory for two generations at once, where none was just tried."""
    memory = machine.memory()
    most = board_room.memory_for(memory.total)
    return board_room.is_live(memory.total, memory.available, most)


def main(argv: Sequence[str]) -> int:
    """Run once; `--help` tells the exit statuses."""
    return service.run("renewal", _parser(), argv, _body, once=True, instead=_asked)


def _asked(arguments: argparse.Namespace) -> int | None:
    """Do what somebody on a terminal asks for; None: the service's own work."""
    if arguments.what == "back":
        inbox(arguments.wishes).post(RenewalWish(RenewalWishKind.BACK))
        print("The other generation is brought into force; it is watched for a minute.")
        return 0
    if arguments.what == "state":
        report = RenewalReport.read()
        print("\n".join(report.lines()) if report else "Nothing is known of rule sets yet.")
        return 0
    return None


def _body(running: Running) -> int:
    if engines.chosen(running.settings) is None:
        return 0
    made = RenewalRun(running, running.arguments.doors)
    try:
        for _ in range(MOST_ROUNDS):
            made.run()
            if not any(running.arguments.wishes.glob("*.json")):
                return 0
    except OSError as error:
        log.error("rule sets cannot be renewed: %s", error.strerror or error)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox renewal",
        description="Bring fetched rule sets into force where they stand their tests (service).",
        epilog="exit status: 0 done, whatever the sets are; 1 nothing can be kept; 2 bad usage.",
    )
    add = parser.add_argument
    add("what", nargs="?", choices=("run", "state", "back"), default="run",
        help="bring sets into force (the default), tell how they stand, or go back")  # fmt: skip
    add("--folder", type=Path, default=set_places.FOLDER, help="generations (%(default)s)")
    add("--downloads", type=Path, default=FETCHED / RULES, help="what came (%(default)s)")
    add("--trial", type=Path, default=set_places.TRIAL, help="names one (%(default)s)")
    add("--wishes", type=Path, default=WISHES, help="where the page asks (%(default)s)")
    add("--doors", type=Path, default=requests.RESTARTS, help="to restarts (%(default)s)")
    add("--templates", type=Path, default=TEMPLATES, help="of the engine (%(default)s)")
    add("--root", type=Path, default=ENGINE_ROOT, help="the engine's root (%(default)s)")
    add("--spool", type=Path, default=SPOOL, help="the engine's figures (%(default)s)")
    add("--user", default=USER, help="whose process must listen (%(default)s)")
    return parser
