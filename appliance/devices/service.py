# SPDX-License-Identifier: MIT
"""`glovebox devices`: hear in the stream which devices there are and what they call themselves."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import service
from appliance.alerts.way import PRIVATE
from appliance.devices import announce_filter, kept_devices
from appliance.devices.announced import announcements
from appliance.devices.census import Census
from appliance.errors import DecodeError
from appliance.intel.sniffer import BATCH, FilteredSniffer
from appliance.reports.devices import DevicesReport
from appliance.service import Running, Stop

TURN_S, RETRY_S, PUBLISH_EACH_S = 0.5, 5.0, 10.0
# The card is written to this often, and at the end.
KEEP_EACH_S = 3600.0
BUFFER = 1 << 18

log = logging.getLogger(__name__)


@dataclass
class DevicesService:
    """The parts of the service, a turn at a time; `since` is in seconds since the epoch."""

    interface: str
    census: Census
    folder: Path
    since: float
    sniffer: FilteredSniffer | None = None
    frames: int = 0
    lost: int = 0
    undecoded: int = 0
    trouble: str = ""
    _retry: float = 0.0
    _kept: float = 0.0

    def turn(self, stop: Stop, seconds: float = TURN_S) -> None:
        """Take what came, BATCH frames at most in `seconds`: a flood costs no more than that."""
        begun = time.monotonic()
        if self.sniffer is None and begun >= self._retry:
            self._begin()
        taken = self._take(seconds) if self.sniffer is not None else BATCH
        if taken >= BATCH:
            stop.wait(max(0.0, seconds - (time.monotonic() - begun)))
        if time.monotonic() - self._kept >= KEEP_EACH_S:
            self.keep()

    def report(self) -> DevicesReport:
        """Return what is published."""
        counts = self.census.counts
        return DevicesReport(
            time.time(), self.since, self.frames,
            self.lost + (self.sniffer.lost if self.sniffer else 0), self.undecoded,
            counts.foreign, counts.refused, counts.forgotten, self.census.all(), self.trouble,
        )  # fmt: skip

    def load(self) -> None:
        """Begin with the devices on DATA."""
        self.census.load(kept_devices.read(self.folder))
        self._kept = time.monotonic()

    def keep(self) -> None:
        """Bring the devices to DATA."""
        self._kept = time.monotonic()
        kept_devices.keep(self.folder, self.census.all())

    def close(self) -> None:
        """Let go of everything."""
        if self.sniffer is not None:
            self.sniffer.close()

    def _take(self, seconds: float) -> int:
        assert self.sniffer is not None
        self.sniffer.wait(seconds)
        before = self.frames
        try:
            for frame in self.sniffer.frames():
                self._frame(frame, time.time())
        except OSError as error:
            self._stop_hearing(f"{self.interface}: {error.strerror or error}")
        return self.frames - before

    def _frame(self, frame: memoryview, now: float) -> None:
        self.frames += 1
        try:
            for told in announcements(frame):
                self.census.take(told, now)
        except DecodeError:
            self.undecoded += 1

    def _begin(self) -> None:
        try:
            self.sniffer = FilteredSniffer(self.interface, announce_filter.program(), BUFFER)
            self.trouble = ""
        except OSError as error:
            self._stop_hearing(f"{self.interface}: {error.strerror or error}")

    def _stop_hearing(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.error("%s; no device is heard", trouble)
        if self.sniffer is not None:
            self.lost += self.sniffer.lost
            self.sniffer.close()
        self.sniffer, self.trouble = None, trouble
        self._retry = time.monotonic() + RETRY_S


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    return service.run(DevicesReport.NAME, _parser(), argv, _body)


def _body(running: Running) -> int:
    settings, arguments = running.settings, running.arguments
    interface = arguments.interface or settings.capture.interface
    census = Census(settings.ids.home_networks or PRIVATE)
    served = DevicesService(interface, census, arguments.folder, time.time())
    served.load()
    published = -PUBLISH_EACH_S
    while not running.stop:
        served.turn(running.stop)
        due = time.monotonic() - published >= PUBLISH_EACH_S
        published = time.monotonic() if due else published
        running.beat(f"{len(census)} devices", served.report if due else None)
    served.close()
    served.keep()
    running.publisher.publish(served.report())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox devices",
        description="Hear which devices there are; ends with SIGTERM, SIGINT or SIGHUP.",
        epilog="exit status: 0 stopped by a signal; 1 a fault; 2 bad usage.",
    )
    add = parser.add_argument
    add("--interface", help="where frames are looked at (default: as configured)")
    add("--folder", type=Path, default=kept_devices.FOLDER, help="what is kept (%(default)s)")
    return parser
