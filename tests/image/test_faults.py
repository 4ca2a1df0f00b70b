# SPDX-License-Identifier: MIT
"""Faults planted in the booted sensor: noticed, named, healed, and nothing stored is lost."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from image.build.context import BUILD
from image.build.image import Image
from image.demo import TZSP_PORT, wait_ready
from image.machine.guest import Forward, Guest
from tests.image.faults import FAULTS, Fault
from tests.image.sensor import FLOOD, Seen, Sensor, Snapshot

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(900)]

NOTICED_S, HEALED_S = 15.0, 30.0
# Late is found out too, and how late.
GIVE_UP_S, WELL_S = 200.0, 200.0
FLOOD_PER_SECOND, FLOOD_S = 2000, 30
TABLE = BUILD / "faults.json"


@dataclass
class Row:
    """What was measured, in seconds from the fault; `healed` from the mending, where one mends.

    `starved` says for how much of the time the emulated machine waited for this one.
    """

    fault: str
    told: str = ""
    not_well: float | None = None
    noticed: float | None = None
    led: float | None = None
    led_state: str = ""
    healed: float | None = None
    starved: dict[str, float] = field(default_factory=dict)


@pytest.fixture(scope="module")
def sensor(image: Image) -> Iterator[Sensor]:
    """Boot a guest of its own, and have it inspect a stream that raises numbered alerts."""
    with Guest(image, BUILD, [Forward("udp", TZSP_PORT), Forward("tcp", 80)]) as guest:
        wait_ready(guest)
        with Sensor(guest).working() as sensor:
            yield sensor


@pytest.fixture(scope="module")
def table() -> Iterator[list[Row]]:
    """Collect the rows, and write them at the end."""
    rows: list[Row] = []
    yield rows
    TABLE.write_text(json.dumps([asdict(row) for row in rows], indent=1))


@pytest.fixture(scope="module")
def began_with(sensor: Sensor) -> list[Snapshot]:
    """Hold the newest snapshot: each fault leaves the one that the next begins with."""
    return [sensor.snapshot()]


@pytest.fixture
def known(sensor: Sensor, began_with: list[Snapshot]) -> Snapshot:
    """Wait until all is well, and return how things were before."""
    if began_with and not sensor.watcher.seen[-1].is_losing:
        sensor.wait_well(WELL_S)
        return began_with.pop()
    # What was lost shows for a minute. A supervisor that begins anew knows only what is lost now.
    sensor.guest.run("systemctl restart glovebox-supervisor", 300)
    sensor.wait_well(WELL_S)
    return sensor.snapshot()


class Watch:
    """Takes the times of one row."""

    def __init__(self, sensor: Sensor, row: Row, inject: str = "true") -> None:
        """Plant the fault."""
        self._sensor, self._row = sensor, row
        self.began = time.monotonic()
        printed = sensor.guest.run(f"cat /proc/uptime; {inject}", 120)
        self._uptime = float(printed.split()[0])

    def until_told(self, says: str) -> None:
        """Wait until page and LED tell; note when the page first told that not all is well."""
        told = self._wait(lambda seen: bool(re.search(says, seen.told)), self.began)
        self._row.told = told.told
        first = next(seen for seen in self._sensor.watcher.after(self.began) if not seen.is_well)
        self._note("not_well", self.began, first.time)
        self._note("noticed", self.began, told.time)
        at, self._row.led_state = self._led()
        self._note("led", self.began, self.began + at - self._uptime)

    def until_healed(self, mended: float, since: float) -> None:
        """Wait until nothing is wrong any more, which the sensor's own test must confirm."""
        self._note("healed", mended, self._wait(lambda seen: seen.is_whole, since).time)
        self._sensor.drain()

    def _wait(self, wanted: Callable[[Seen], bool], since: float) -> Seen:
        found = self._sensor.watcher.wait(wanted, since, GIVE_UP_S)
        assert found, f"the page said at last: {self._sensor.watcher.seen[-1].told}"
        return found

    def _led(self) -> tuple[float, str]:
        """Return when the LEDs left the rhythm that means all is well, by the guest's uptime."""
        deadline = time.monotonic() + GIVE_UP_S
        while True:
            changes = self._sensor.led_changes(self._uptime)
            if found := next((each for each in changes if each[1] != "seeing"), None):
                return found
            assert time.monotonic() < deadline, f"the LED shows: {self._sensor.led()}"

    def _note(self, name: str, begin: float, end: float) -> None:
        setattr(self._row, name, round(end - begin, 1))
        self._row.starved[name] = round(self._sensor.watcher.starved(begin, end), 1)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_noticed_named_and_healed(
    fault: Fault, sensor: Sensor, known: Snapshot, began_with: list[Snapshot], table: list[Row]
) -> None:
    row = Row(fault.name)
    table.append(row)
    watch = Watch(sensor, row, fault.inject)
    if fault.says:
        watch.until_told(fault.says)
    mended = time.monotonic() if fault.mend else watch.began
    sensor.guest.run(fault.mend or "true", 120)
    watch.until_healed(mended, max(mended, watch.began + (row.noticed or 0.0)))
    after = sensor.snapshot(known.newest)
    began_with.append(after)
    assert restarted(known, after) - fault.ends == set()
    nothing_stored_is_lost(known, after)
    if not fault.loses:
        assert after.numbers == list(range(after.numbers[0], after.numbers[-1] + 1))
    within_bounds(row)


def within_bounds(row: Row) -> None:
    """Hold the row to its bounds, as on a host that has its processors free for the guest."""
    bounds = {"noticed": NOTICED_S, "led": NOTICED_S, "healed": HEALED_S}
    late = {
        name: getattr(row, name)
        for name, starved in row.starved.items()
        if name in bounds and getattr(row, name) - starved > bounds[name]
    }
    assert not late, (late, row.starved)


def restarted(known: Snapshot, after: Snapshot) -> set[str]:
    """Return the services that do not run as before."""
    return {unit for unit, run in after.invocations.items() if run != known.invocations[unit]}


def nothing_stored_is_lost(known: Snapshot, after: Snapshot) -> None:
    # Alerts are numbered without gaps.
    assert after.count - (after.newest - known.newest) == known.count
    assert len(set(after.numbers)) == len(after.numbers)


def test_stream_that_stops_and_resumes(
    sensor: Sensor, known: Snapshot, began_with: list[Snapshot], table: list[Row]
) -> None:
    row = Row("stream stopped")
    table.append(row)
    with sensor.router.paused():
        watch = Watch(sensor, row)
        watch.until_told("stream stopped")
    resumed = time.monotonic()
    watch.until_healed(resumed, resumed)
    began_with.append(sensor.snapshot(known.newest))
    assert restarted(known, began_with[-1]) == set()
    within_bounds(row)


def test_flood_of_alerts(
    sensor: Sensor, known: Snapshot, began_with: list[Snapshot], table: list[Row]
) -> None:
    row = Row(f"{FLOOD_PER_SECOND:,} alerts a second")
    table.append(row)
    lost = losses(sensor.watcher.seen[-1])
    watch = Watch(sensor, row)
    sensor.router.burst(FLOOD, FLOOD_PER_SECOND * FLOOD_S, FLOOD_PER_SECOND)
    ended = time.monotonic()
    watch.until_told("flood of alerts")
    watch.until_healed(ended, ended)
    after = sensor.snapshot(known.newest)
    began_with.append(after)
    assert restarted(known, after) == set()
    nothing_stored_is_lost(known, after)
    lost = losses(sensor.watcher.seen[-1]) - lost
    assert after.floods - known.floods >= FLOOD_PER_SECOND * FLOOD_S - lost
    within_bounds(row)


def losses(seen: Seen) -> int:
    """Return what the ledger says was lost on the way, at any stage."""
    assert seen.status is not None
    stages: list[dict[str, Any]] = seen.status["supervisor"]["ledger"]
    return sum(stage["lost"] or 0 for stage in stages)
