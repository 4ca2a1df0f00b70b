# SPDX-License-Identifier: MIT
"""Cut the power again and again on one and the same disk, and look at what is left each time.

A third of the cuts falls into the start, a third into the writing of settings and alerts, a third
at any time. After each one a copy of the disk goes through the automatic check of its file systems,
and the next start must come up whole with all that the page had confirmed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.errors import GloveboxError, GuestError
from appliance.tools.pacing import PacketRate
from appliance.tools.send import send_capture
from image.build import boards
from image.build.context import BUILD, BuildContext
from image.build.image import Image, build_image
from image.cuts.disk_check import check_disk
from image.demo import SHIPPED, TZSP_PORT, page_of, wait_ready
from image.machine.guest import Forward, Guest
from image.machine.owner import Owner
from image.machine.page_client import PageClient
from image.progress import StageProgress

MOMENTS = ("start", "writing", "any")
START_SECONDS = 35.0
WHOLE_START_S = 300.0
# As owners are told to take at least: what is behind DATA and the second system becomes MEDIA.
CARD_BYTES = 8 << 30
PACKETS_PER_SECOND = 300
# What is younger than this may be lost (docs/developer/reliability.md).
ALERT_SECONDS = 10.0


@dataclass
class Confirmed:
    """What the page said: its passwords in order, and the newest alert with when it was shown."""

    password: str = ""
    asked: str = ""
    alerts: dict[int, float] = field(default_factory=dict)

    @property
    def passwords(self) -> list[str]:
        """Return those that may be in force after a cut: the confirmed one, or one on its way."""
        return [word for word in (self.password, self.asked) if word]


@dataclass
class CutsReport:
    """What all cuts together came to."""

    cuts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MOMENTS, 0))
    starts: int = 0
    repaired: int = 0
    changes: int = 0
    alerts: int = 0
    lost_alerts: int = 0
    oldest_lost_s: float = 0.0
    problems: list[str] = field(default_factory=list)


class Writing:
    """Changes the password and watches alerts come, until the power goes."""

    def __init__(self, guest: Guest, confirmed: Confirmed) -> None:
        self._page, self._confirmed = page_of(guest), confirmed
        self._address = ("127.0.0.1", guest.host_port(TZSP_PORT))
        self._ended = threading.Event()
        self.changes = 0
        targets = (self._settings, self._traffic, self._watch)
        self._threads = [threading.Thread(target=each, daemon=True) for each in targets]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _settings(self) -> None:
        confirmed, number = self._confirmed, 0
        with contextlib.suppress(OSError):
            owner = Owner(self._page.url)
            owner.log_in(confirmed.password)
            while not self._ended.is_set():
                number += 1
                confirmed.asked = f"a secret of {time.time_ns()}"
                if owner.change(confirmed.password, confirmed.asked):
                    confirmed.password, self.changes = confirmed.asked, self.changes + 1

    def _traffic(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(OSError, GloveboxError):
                send_capture(SHIPPED, self._address, PacketRate(PACKETS_PER_SECOND))

    def _watch(self) -> None:
        newest = max(self._confirmed.alerts, default=0)
        with contextlib.suppress(OSError, ValueError):
            while not self._ended.wait(0.3):
                for alert in self._page.alerts_after(newest):
                    newest = alert["id"]
                    self._confirmed.alerts[newest] = time.monotonic()


class Cuts:
    """One disk and all that is done to it."""

    def __init__(self, image: Image, disk: Path, seed: int, progress: StageProgress) -> None:
        self._image, self._disk, self._progress = image, disk, progress
        self._chance, self._confirmed = random.Random(seed), Confirmed()
        self.report = CutsReport()

    def run(self, count: int) -> None:
        """Cut `count` times, then start once more and look."""
        for number in range(count):
            moment = MOMENTS[number % len(MOMENTS)]
            with self._guest() as guest:
                self._cut(guest, moment)
            self.report.cuts[moment] += 1
            self._check_disk(number)
            found = self.report
            self._progress.say(
                f"cut {number + 1} of {count} ({moment}): {found.changes} settings and"
                f" {found.alerts} alerts confirmed so far, {len(found.problems)} problems"
            )
        with self._guest() as guest:
            self._look(guest)

    def _guest(self) -> Guest:
        forwards = [Forward("udp", TZSP_PORT), Forward("tcp", 80)]
        return Guest(self._image, BUILD, forwards, disk=self._disk, disk_bytes=CARD_BYTES)

    def _cut(self, guest: Guest, moment: str) -> None:
        if moment == "start":
            time.sleep(self._chance.uniform(0.5, START_SECONDS))
            guest.cut_power()
            return
        self._look(guest)
        writing = Writing(guest, self._confirmed)
        time.sleep(self._chance.uniform(1.0, 15.0 if moment == "writing" else 5.0))
        guest.cut_power()
        writing.end()
        self.report.changes += writing.changes
        self.report.alerts = len(self._confirmed.alerts)
        self._cut_at = time.monotonic()

    def _look(self, guest: Guest) -> None:
        """Start whole, and hold what the page had confirmed against what there is."""
        wait_ready(guest)
        guest.execute("systemctl is-system-running --wait", WHOLE_START_S)
        self.report.starts += 1
        failed = guest.run("systemctl --failed --plain --no-legend")
        if failed:
            self.report.problems.append(f"after a cut: failed units: {failed}")
        page = page_of(guest)
        self._look_at_settings(Owner(page.url))
        self._look_at_alerts(page)

    def _look_at_settings(self, owner: Owner) -> None:
        confirmed = self._confirmed
        if not confirmed.passwords:
            confirmed.asked = "the first password"
            if not owner.set_up(confirmed.asked):
                self.report.problems.append("the first password was not taken")
            confirmed.password = confirmed.asked
            return
        for password in confirmed.passwords:
            if owner.log_in(password):
                confirmed.password, confirmed.asked = password, ""
                return
        raise GuestError("a confirmed password is lost")

    def _look_at_alerts(self, page: PageClient) -> None:
        known = self._confirmed.alerts
        present = {alert["id"] for alert in page.alerts_after(0)}
        for number in sorted(set(known) - present):
            age = self._cut_at - known.pop(number)
            self.report.lost_alerts += 1
            self.report.oldest_lost_s = max(self.report.oldest_lost_s, age)
            if age > ALERT_SECONDS:
                self.report.problems.append(f"alert {number} lost, shown {age:.1f} s before")

    def _check_disk(self, number: int) -> None:
        result = check_disk(self._image, self._disk, BUILD / "cuts")
        self.report.repaired += result.repaired
        self.report.problems += [f"cut {number + 1}: {line}" for line in result.problems]


def main(argv: Sequence[str]) -> int:
    """Cut, look, and print what was found as JSON."""
    parser = argparse.ArgumentParser(
        prog="build.sh cuts", description=__doc__,
        epilog="Exit status: 0 nothing was lost, 1 something was, 8 the guest failed.",
    )  # fmt: skip
    parser.add_argument("--cuts", type=int, default=60, metavar="N", help="default: 60")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="to repeat a run")
    parser.add_argument("--board", choices=boards.names(), default="vm")
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress, folder = StageProgress(), BUILD / "cuts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    progress.say(f"seed {arguments.seed}")
    try:
        image = build_image(BuildContext(boards.choose(arguments.board), progress))
        cuts = Cuts(image, folder / "card.qcow2", arguments.seed, progress)
        cuts.run(arguments.cuts)
    except GloveboxError as error:
        print(f"build.sh cuts: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    found: dict[str, Any] = vars(cuts.report)
    print(json.dumps({"seed": arguments.seed, **found}, indent=1))
    return 1 if cuts.report.problems else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
