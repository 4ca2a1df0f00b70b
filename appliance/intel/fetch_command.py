# SPDX-License-Identifier: MIT
"""`glovebox fetch`: fetch the lists that the owner chose; nothing else of ours reaches the Internet
by itself. Without a source in the settings it ends at once.
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
from appliance.formats.list_sources import source_of
from appliance.intel import fetched_lists
from appliance.intel.fetched_lists import FOLDER, FetchedList
from appliance.reports.fetch import FetchReport
from appliance.service import Running

# A clock that shows an earlier time than that of the program has never been set.
EARLIEST = Path(appliance.__file__).stat().st_mtime
TURN_S = 1.0
UNSET = "the clock is not set, so no certificate can be judged"

log = logging.getLogger(__name__)


@dataclass
class Fetcher:
    """The lists that are fetched, one at a time."""

    lists: Sequence[FetchedList]
    tls: ssl.SSLContext
    earliest: float = EARLIEST

    def turn(self, now: float) -> None:
        """Fetch one list that is due."""
        for each in self.lists:
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
        return FetchReport(time.time(), tuple(each.standing() for each in self.lists))


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    return service.run(FetchReport.NAME, _parser(), argv, _body)


def _body(running: Running) -> int:
    folder: Path = running.arguments.folder
    sources = [source_of(text) for text in running.settings.intel.sources]
    fetched_lists.forget_others(folder, sources)
    chance = random.SystemRandom().random
    lists = [FetchedList(source, folder, chance) for source in sources]
    for each in lists:
        each.begin(time.time())
    fetcher = Fetcher(lists, ssl.create_default_context(cafile=running.arguments.authorities))
    # Ready is also who has nothing to fetch: to systemd it would have failed otherwise.
    running.beat(f"{len(lists)} lists", fetcher.report)
    while lists and not running.stop.wait(TURN_S):
        running.beat(f"{len(lists)} lists", fetcher.report)
        fetcher.turn(time.time())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox fetch",
        description="Fetch the lists under [intel] sources; ends with SIGTERM, SIGINT or SIGHUP.",
        epilog="exit status: 0 stopped, or nothing to fetch; 1 a fault; 2 bad usage.",
    )
    add = parser.add_argument
    add("--folder", type=Path, default=FOLDER, help="where they are kept (%(default)s)")
    add("--authorities", type=Path, help="whose certificates are trusted (default: the system's)")
    return parser
