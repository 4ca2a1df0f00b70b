# SPDX-License-Identifier: MIT
"""Every moment at which a card could have been cut off, tried: from the log of a guest's writes.

A kill of the emulator loses nothing of what the guest had written. A card has a cache: what was
written since the last flush may be there or not. So the guest's writes are logged while settings
and alerts are written, and the DATA partition is made anew as it was at many points of the log:
once with all that was written until then, and once with only some of what came after the last
flush. Each time the automatic check must succeed, and what the page had confirmed must be there.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from appliance.errors import GloveboxError
from image.build import boards
from image.build.context import BUILD, BuildContext
from image.build.image import Image, build_image
from image.build.partition_table import LINUX, Part, partitions
from image.build.tools import Tools
from image.cuts import disk_check
from image.cuts.disk_check import DiskFindings, check_ext, is_ext
from image.cuts.powercuts import Confirmed, Writing
from image.cuts.writelog import Write, apply, entries, read, survivors, within
from image.demo import TZSP_PORT, wait_ready
from image.machine.guest import Forward, Guest
from image.machine.owner import Owner
from image.progress import StageProgress

POINTS = 1000
WRITING_SECONDS = 60.0
PASSWORD_FILE, ALERTS_FILE = "web/password", "alerts/alerts.db"


@dataclass(frozen=True)
class Mark:
    """Something the page confirmed when the log had so many entries."""

    entries: int
    password: str
    alert: int


@dataclass
class PointsReport:
    """What all points came to."""

    points: int = 0
    entries: int = 0
    confirmations: int = 0
    repaired: int = 0
    problems: list[str] = field(default_factory=list)


def record(image: Image, folder: Path, seconds: float) -> list[Mark]:
    """Run the guest with a log of its writes; return what was confirmed, and when in the log."""
    log, marks = folder / "writes.log", []
    log.touch()
    forwards = [Forward("udp", TZSP_PORT), Forward("tcp", 80)]
    with Guest(image, BUILD, forwards, disk=folder / "card.qcow2", write_log=log) as guest:
        wait_ready(guest)
        owner, confirmed = Owner(f"http://127.0.0.1:{guest.host_port(80)}/"), Confirmed()
        owner.set_up("the first password")
        confirmed.password = "the first password"
        writing, until = Writing(guest, confirmed), time.monotonic() + seconds
        seen = ""
        while time.monotonic() < until:
            if writing.changes and confirmed.password != seen:
                seen = confirmed.password
                count = entries(log)
                hashed = guest.run(f"cat /var/lib/glovebox/{PASSWORD_FILE}")
                marks.append(Mark(count, hashed, max(confirmed.alerts, default=0)))
            time.sleep(0.05)
        guest.cut_power()
        writing.end()
    return marks


class Replay:
    """The DATA partition, brought forward write by write."""

    def __init__(self, log: Path, part: Part, folder: Path, seed: int) -> None:
        self._log, self._part, self._folder = log, part, folder
        self._chance = random.Random(seed)

    def states(self, before: Path, wanted: int) -> Iterator[tuple[int, Path]]:
        """Yield (entries done, image of DATA) for `wanted` points spread over the log.

        `before` is the partition as it was when the log began; the image is overwritten next time.
        """
        writes = within(read(self._log), self._part)
        count = sum(1 for write in writes if not write.is_flush)
        step = max(1.0, 2 * count / wanted)
        lasting, now, work = (self._folder / name for name in ("lasting", "now", "work"))
        for copy in (lasting, now):
            _copy(before, copy)
        pending: list[Write] = []
        due = 0.0
        with self._log.open("rb") as log:
            for done, write in enumerate(writes):
                if write.is_flush:
                    self._do(pending, log, lasting)
                    pending = []
                    continue
                pending.append(write)
                self._do([write], log, now)
                if done >= due:
                    due += step
                    yield write.number + 1, _copy(now, work)
                    _copy(lasting, work)
                    self._do(survivors(pending, self._chance), log, work)
                    yield pending[0].number, work

    @staticmethod
    def _do(writes: Sequence[Write], log: BinaryIO, image: Path) -> None:
        with image.open("r+b") as disk:
            for write in writes:
                apply(write, log, disk)


def _copy(source: Path, target: Path) -> Path:
    subprocess.run(["cp", "--sparse=always", source, target], check=True)
    return target


def look(tools: Tools, image: Path, folder: Path, known: Sequence[Mark]) -> list[str]:
    """Return what is wrong with a DATA partition after its check, by what had been confirmed."""
    outcome = DiskFindings()
    check_ext(tools, image, outcome)
    if not known or outcome.problems:
        return outcome.problems
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in (PASSWORD_FILE, ALERTS_FILE, f"{ALERTS_FILE}-journal"):
        subprocess.run(
            [*tools.argv("debugfs"), "-R", f"dump /{name} {folder / Path(name).name}", image],
            capture_output=True, check=False,
        )  # fmt: skip
    return [
        *look_at_password(folder / "password", known),
        *look_at_alerts(folder / "alerts.db", known[-1]),
    ]


def look_at_password(file: Path, known: Sequence[Mark]) -> list[str]:
    """Return what is wrong with the file of the password: it must be whole, and no older one."""
    text = file.read_text() if file.exists() else ""
    if not (text.startswith("scrypt:") and text.endswith("\n") and text.count("$") == 2):
        return [f"the password's file holds {text[:40]!r}"]
    if text.strip() in {mark.password for mark in known[:-1]} - {known[-1].password}:
        return ["a password that was confirmed is lost"]
    return []


def look_at_alerts(file: Path, at_least: Mark) -> list[str]:
    """Return what is wrong with the database: whole, and with all alerts that were shown."""
    try:
        with sqlite3.connect(file) as database:
            damage = database.execute("PRAGMA integrity_check").fetchone()[0]
            newest = database.execute("SELECT coalesce(max(id), 0) FROM alert").fetchone()[0]
    except sqlite3.Error as error:
        return [f"alerts.db: {error}"]
    if damage != "ok":
        return [f"alerts.db: {damage}"]
    return [] if newest >= at_least.alert else [f"alerts.db ends at {newest}, {at_least} was shown"]


def main(argv: Sequence[str]) -> int:
    """Record, try the points, and print what was found as JSON."""
    parser = argparse.ArgumentParser(prog="build.sh crashpoints", description=__doc__)
    parser.add_argument("--points", type=int, default=POINTS, metavar="N", help="default: 1000")
    parser.add_argument("--seconds", type=float, default=WRITING_SECONDS, help="of writing")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress, folder = StageProgress(), BUILD / "crashpoints"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        image = build_image(BuildContext(boards.choose("vm"), progress))
        with progress.stage("writing settings and alerts"):
            marks = record(image, folder, arguments.seconds)
        report = replay(image, folder, marks, arguments, progress)
    except GloveboxError as error:
        print(f"build.sh crashpoints: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    print(json.dumps(vars(report), indent=1))
    return 1 if report.problems else 0


def replay(
    image: Image,
    folder: Path,
    marks: list[Mark],
    arguments: argparse.Namespace,
    progress: StageProgress,
) -> PointsReport:
    """Try the points of a recorded log."""
    report = PointsReport(confirmations=len(marks))
    kind_and_part = [(kind, part) for kind, part in partitions(image.disk) if kind == LINUX]
    part = kind_and_part[1][1]
    before = folder / "before"
    disk_check.take(image.disk, part, before)
    assert is_ext(before), "DATA is the second Linux partition"
    log = folder / "writes.log"
    report.entries = entries(log)
    steps = Replay(log, part, folder, arguments.seed)
    for done, state in steps.states(before, arguments.points):
        known = [mark for mark in marks if mark.entries <= done]
        wrong = look(image.tools, state, folder / "found", known)
        report.points += 1
        report.problems += [f"after {done} entries: {line}" for line in wrong]
        if report.points % 100 == 0:
            progress.say(f"{report.points} points, {len(report.problems)} problems")
    return report


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
