# SPDX-License-Identifier: MIT
"""`glovebox flowstore`: puts flows from memory to the card, joins days, keeps within the budget.

It runs for a moment each quarter of an hour, when the collector has made a file of flows ready.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from appliance import service
from appliance.countries import address_columns, country_table
from appliance.flowstore import parquet, spool, stored_files
from appliance.flowstore.checked import FILE, CheckedFiles
from appliance.flowstore.exclusions import excluded
from appliance.flowstore.parquet import ParquetError
from appliance.flowstore.spool import Rows
from appliance.flowstore.stored_files import DAY_S, StoredFile
from appliance.reports.flowstore import ExcludedFlows, FlowStoreReport
from appliance.service import Running
from appliance.settings.config import Config
from appliance.settings.sections import exclusions

WORK = Path("/run/glovebox-flowstore")
# A file that is being stored: where it still has this name later on, the process died of it.
TAKEN = ".taken"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StorePlaces:
    """Where flows come from, where they go, and the memory in between."""

    spool: Path = spool.FOLDER
    folder: Path = stored_files.FOLDER
    work: Path = WORK
    checked: Path = FILE
    countries: Path = address_columns.COUNTRIES


class FlowStore:
    """One run over the files; what it did is in `report`."""

    def __init__(
        self, settings: Config, places: StorePlaces, before: FlowStoreReport | None,
        now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._places, self._now = places, now
        self._limit = settings.flows.raw_budget_mb << 20
        self._days = settings.flows.raw_days
        self._rules = [exclusions.parse(each) for each in settings.flows.exclude]
        self._checked = CheckedFiles(places.checked)
        self._countries = country_table.load(places.countries)
        self.report = replace(before or FlowStoreReport(0.0), error="")

    def run(self) -> None:
        """Do all that is due. Never raises for files that are damaged or a card that is full."""
        self._step("looked through", self._look_through)
        for file in self._ready():
            if not self._step("stored", lambda file=file: self._store(file)):  # type: ignore[misc]
                self._give_up(file)
        self._step("joined", self._join)
        self._step("kept within their budget", lambda: self._make_room(0))
        self._step("counted", self._count)

    def _step(self, what: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except (OSError, ParquetError) as error:
            text = f"flows cannot be {what}: {getattr(error, 'strerror', None) or error}"
            log.error("%s", text)
            self.report = replace(self.report, error=self.report.error or text)
            return False
        return True

    def _look_through(self) -> None:
        """Set damaged files aside, and remove those that a joined one replaces."""
        folder = self._places.folder
        stored_files.clear(folder)
        for each in stored_files.listing(folder):
            if self._checked.holds(each.path):
                continue
            if stored_files.is_whole(each):
                self._checked.add(each.path)
            else:
                stored_files.set_aside(each)
                log.error("%s is damaged, and was set aside", each.path.name)
                self.report = replace(self.report, damaged=self.report.damaged + 1)
        found = stored_files.listing(folder)
        kept = set(stored_files.in_force(found))
        stored_files.remove([each for each in found if each not in kept])

    def _ready(self) -> Iterator[Path]:
        """Yield files of the spool, each under a name by which its fate can be seen."""
        for left in self._places.spool.glob(f"*{TAKEN}"):
            self._give_up(left)
        for each in spool.ready(self._places.spool):
            with contextlib.suppress(FileNotFoundError):
                yield each.rename(each.with_suffix(TAKEN))

    def _give_up(self, file: Path) -> None:
        with contextlib.suppress(OSError):
            rows = file.stat().st_size // spool.ROW.itemsize
            file.unlink()
            report = self.report
            self.report = replace(report, taken=report.taken + rows,
                                  given_up=report.given_up + rows)  # fmt: skip

    def _store(self, file: Path) -> None:
        rows = spool.read(file)
        kept, counts = self._without_excluded(rows)
        if len(kept):
            content = parquet.made(kept, self._places.work, self._countries)
            self._make_room(len(content))
            number = stored_files.next_number(self._places.folder)
            span = int(kept["first"].min()) // 1000, int(kept["last"].max()) // 1000 + 1
            made = stored_files.write(self._places.folder, (number, number), span, len(kept),
                                      content)  # fmt: skip
            self._checked.add(made.path)
        file.unlink()
        report = self.report
        self.report = replace(report, taken=report.taken + len(rows), excluded=counts,
                              stored=report.stored + len(kept))  # fmt: skip

    def _without_excluded(self, rows: Rows) -> tuple[Rows, tuple[ExcludedFlows, ...]]:
        """Return the rows that are kept, and what each rule has kept out by now."""
        counts = {each.rule: each for each in self.report.excluded}
        for rule in self._rules:
            gone = excluded(rows, rule)
            before = counts.get(rule.text, ExcludedFlows(rule.text))
            octets = int((rows["bytes"][gone] * np.maximum(rows["sampling"][gone], 1)).sum())
            counts[rule.text] = ExcludedFlows(
                rule.text, before.rows + int(gone.sum()), before.bytes + octets
            )
            rows = rows[~gone]
        return rows, tuple(counts.values())

    def _join(self) -> None:
        found = stored_files.in_force(stored_files.listing(self._places.folder))
        for group in list(stored_files.joinable(found, self._now())):
            content = parquet.joined([each.path for each in group], self._places.work)
            if _free(self._places.folder) < 2 * len(content):
                return
            span = min(each.begin for each in group), max(each.end for each in group)
            made = stored_files.write(
                self._places.folder, (group[0].first, group[-1].last), span,
                sum(each.rows for each in group), content,
            )  # fmt: skip
            self._checked.add(made.path)
            stored_files.remove(group)

    def _make_room(self, wanted: int) -> None:
        """Delete the oldest until `wanted` bytes fit; a clock that was never set deletes none."""
        found = stored_files.in_force(stored_files.listing(self._places.folder))
        oldest = self._now() - self._days * DAY_S
        stored_files.remove(stored_files.superfluous(found, self.budget(found), wanted, oldest))

    def budget(self, found: Sequence[StoredFile]) -> int:
        """Return the bytes that all files may have: never more than half of what they could."""
        room = _free(self._places.folder) + sum(each.size for each in found)
        return min(self._limit, room // 2)

    def _count(self) -> None:
        found = stored_files.in_force(stored_files.listing(self._places.folder))
        self._checked.keep({each.path.name for each in found})
        self.report = replace(
            self.report,
            updated=self._now(),
            files=len(found),
            rows=sum(each.rows for each in found),
            bytes=sum(each.size for each in found),
            budget=self.budget(found),
            oldest=float(min((each.begin for each in found), default=0)),
            newest=float(max((each.end for each in found), default=0)),
        )


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def main(argv: Sequence[str]) -> int:
    """Store what is ready; `--help` tells the options."""
    return service.run("flowstore", _parser(), argv, _body, once=True)


def _body(running: Running) -> int:
    arguments = running.arguments
    places = StorePlaces(arguments.spool, arguments.folder, arguments.work,
                         arguments.work / FILE.name)  # fmt: skip
    with _alone(places.folder):
        store = FlowStore(running.settings, places, FlowStoreReport.read())
        store.run()
        running.publisher.publish(store.report)
    return 0


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other run is at work: the one at shutdown may meet that of a quarter."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox flowstore", description="Store the flows that the collector made ready."
    )
    add = parser.add_argument
    add("--spool", type=Path, default=spool.FOLDER, help="where they come from (%(default)s)")
    add("--folder", type=Path, default=stored_files.FOLDER, help="where they go (%(default)s)")
    add("--work", type=Path, default=WORK, help="a folder in memory (%(default)s)")
    return parser
