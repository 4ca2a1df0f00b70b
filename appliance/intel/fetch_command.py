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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import appliance
from appliance import service
from appliance.formats.list_sources import ListSource, source_of
from appliance.intel import fetched_lists
from appliance.intel.fetched_lists import FOLDER, RULES, FetchedList
from appliance.reports.fetch import FetchReport
from appliance.ruleset import chosen_sets, set_places
from appliance.service import Running

# A clock that shows an earlier time than that of the program has never been set.
EARLIEST = Path(appliance.__file__).stat().st_mtime
TURN_S = 1.0
UNSET = "the clock is not set, so no certificate can be judged"

log = logging.getLogger(__name__)


@dataclass
class Fetcher:
    """The lists and rule sets that are fetched, one at a time."""

    lists: Sequence[FetchedList]
    rule_sets: Sequence[FetchedList]
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
                each.fetch(self.tls, now)
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
    lists = _begun(folder, [source_of(text) for text in running.settings.intel.sources])
    chosen = chosen_sets.chosen(running.settings, running.arguments.rule_sets)
    rule_sets = _begun(folder / RULES, [each.source for each in chosen if each.source])
    tls = ssl.create_default_context(cafile=running.arguments.authorities)
    fetcher = Fetcher(lists, rule_sets, tls)
    status = f"{len(lists)} lists, {len(rule_sets)} rule sets"
    # Ready is also who has nothing to fetch: to systemd it would have failed otherwise.
    running.beat(status, fetcher.report)
    while (lists or rule_sets) and not running.stop.wait(TURN_S):
        running.beat(status, fetcher.report)
        fetcher.turn(time.time())
    return 0


def _begun(folder: Path, sources: Sequence[ListSource]) -> list[FetchedList]:
    folder.mkdir(mode=0o750, exist_ok=True)
    fetched_lists.forget_others(folder, sources)
    chance = random.SystemRandom().random
    found = [FetchedList(source, folder, chance) for source in sources]
    for each in found:
        each.begin(time.time())
    return found


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
