# SPDX-License-Identifier: MIT
"""`glovebox fetch`: fetch the lists and rule sets that the owner chose.

This service alone fetches from the Internet by itself. Where none is chosen it ends at once.
"""

from __future__ import annotations

import argparse
import logging
import random
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import appliance
from appliance import service
from appliance.formats.list_sources import ABUSECH_KEY, OTX, OTX_KEY, ListSource, source_of
from appliance.intel import fetched_lists
from appliance.intel.download import AccessKey
from appliance.intel.fetched_lists import FOLDER, RULES, FetchedList
from appliance.intel.otx.pulse_feed import PulseFeed
from appliance.intel.otx.pulse_round import ROUNDS
from appliance.reports.fetch import FetchReport, SourceStanding
from appliance.ruleset import chosen_sets, set_places
from appliance.service import Running
from appliance.settings.sections.intel import IntelConfig

# A clock that shows an earlier time than that of the program has never been set.
EARLIEST = Path(appliance.__file__).stat().st_mtime
TURN_S, PAGES_S = 1.0, 60.0
UNSET = "the clock is not set, so no certificate can be judged"

log = logging.getLogger(__name__)


class FetchedSource(Protocol):
    """What is asked for at times of its own (seconds since the epoch)."""

    source: ListSource
    due: float
    trouble: str

    def begin(self, now: float) -> None: ...

    def fetch(self, tls: ssl.SSLContext, now: float) -> None: ...

    def standing(self) -> SourceStanding: ...


@dataclass
class Fetcher:
    """The lists and rule sets that are fetched, one at a time."""

    lists: Sequence[FetchedSource]
    rule_sets: Sequence[FetchedSource]
    tls: ssl.SSLContext
    earliest: float = EARLIEST

    def turn(self, now: float) -> None:
        """Fetch one list or rule set that is due."""
        for each in (*self.lists, *self.rule_sets):
            if now < self.earliest:
                each.trouble = UNSET
                continue
            if each.trouble == UNSET:
                each.begin(now)
                each.trouble = ""
            if each.due <= now or each.due > now + 2 * fetched_lists.DAY_S:
                before = each.trouble
                each.fetch(self.tls, now)
                # Of one that comes in pages the end is worth a line, and what goes wrong.
                if each.due > now + PAGES_S or each.trouble != before:
                    said = each.trouble or f"{each.standing().size} bytes"
                    log.info("%s: %s", each.source.name, said)
                return

    def report(self) -> FetchReport:
        """Return what is published."""
        lists, rule_sets = (
            tuple(each.standing() for each in part) for part in (self.lists, self.rule_sets)
        )
        return FetchReport(time.time(), lists, rule_sets)


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    return service.run(FetchReport.NAME, _parser(), argv, _body)


def _body(running: Running) -> int:
    folder: Path = running.arguments.folder
    settings = running.settings.intel
    lists = _begun(folder, [source_of(text) for text in settings.sources], keys_of(settings))
    chosen = chosen_sets.chosen(running.settings, running.arguments.rule_sets)
    rule_sets = _begun(folder / RULES, [each.source for each in chosen if each.source], {})
    tls = ssl.create_default_context(cafile=running.arguments.authorities)
    fetcher = Fetcher(lists, rule_sets, tls)
    status = f"{len(lists)} lists, {len(rule_sets)} rule sets"
    # Ready is also who has nothing to fetch: to systemd it would have failed otherwise.
    running.beat(status, fetcher.report)
    while (lists or rule_sets) and not running.stop.wait(TURN_S):
        running.beat(status, fetcher.report)
        fetcher.turn(time.time())
    return 0


def keys_of(settings: IntelConfig) -> Mapping[str, AccessKey]:
    """Return the keys that the owner has, each as its server wants to see it."""
    found = {ABUSECH_KEY: AccessKey(settings.abusech_key, parameter="auth-key")}
    found[OTX_KEY] = AccessKey(settings.otx_key)
    return {name: key for name, key in found.items() if key.value}


def _begun(
    folder: Path, sources: Sequence[ListSource], keys: Mapping[str, AccessKey]
) -> Sequence[FetchedSource]:
    folder.mkdir(mode=0o750, exist_ok=True)
    fetched_lists.forget_others(folder, sources)
    rounds = folder / ROUNDS
    if rounds.exists():
        fetched_lists.forget_others(rounds, sources)
    found = [_fetched(source, folder, keys) for source in sources]
    for each in found:
        each.begin(time.time())
    return found


def _fetched(source: ListSource, folder: Path, keys: Mapping[str, AccessKey]) -> FetchedSource:
    chance = random.SystemRandom().random
    key = keys.get(source.key)
    if source.name == OTX:
        return PulseFeed(source, folder, chance, key.value if key else "")
    return FetchedList(source, folder, chance, key)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox fetch",
        description="Fetch the lists and rule sets that the owner chose; ends by a signal.",
        epilog="exit status: 0 stopped, or nothing to fetch; 1 a fault; 2 bad usage.",
    )
    add = parser.add_argument
    add("--folder", type=Path, default=FOLDER, help="where they are kept (%(default)s)")
    add("--rule-sets", type=Path, default=set_places.FOLDER, help="what is chosen (%(default)s)")
    add("--authorities", type=Path, help="whose certificates are trusted (default: the system's)")
    return parser
