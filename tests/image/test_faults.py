"""Faults planted in the booted sensor: noticed, named, healed, and nothing stored is lost."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from image.build import BUILD, Image
from image.demo import TZSP_PORT, wait_ready
from image.guest import Forward, Guest
from tests.image.faults import FAULTS, Fault
from tests.image.sensor import FLOOD, Seen, Sensor, Snapshot

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

NOTICED_S, HEALED_S = 15.0, 30.0
# Late is found out too, and how late.
GIVE_UP_S, WELL_S = 90.0, 120.0
FLOOD_PER_SECOND, FLOOD_S = 2000, 30
TABLE = BUILD / "faults.json"


@dataclass
class Row:
    """What was measured, in seconds from the fault; `healed` from the mending, where one mends."""

    fault: str
    told: str = ""
    not_well: float | None = None
    noticed: float | None = None
    led: float | None = None
    led_state: str = ""
    healed: float | None = None


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
    sensor.guest.run("systemctl restart glovebox-supervisor", 60)
    sensor.wait_well(WELL_S)
    return sensor.snapshot()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_noticed_named_and_healed(
    fault: Fault, sensor: Sensor, known: Snapshot, began_with: list[Snapshot], table: list[Row]
) -> None:
    row = Row(fault.name)
    table.append(row)
    began = time.monotonic()
    uptime = float(sensor.guest.run(f"cat /proc/uptime; {fault.inject}").split()[0])
    if fault.says:
        watch_until_told(sensor, fault.says, began, row)
        show_led(sensor, uptime, row)
    mended = began
    if fault.mend:
        mended = time.monotonic()
        sensor.guest.run(fault.mend)
    watch_until_healed(sensor, max(mended, began + (row.noticed or 0.0)), mended, row)
    after = sensor.snapshot(known.newest)
    began_with.append(after)
    assert restarted(known, after) - fault.ends == set()
    nothing_stored_is_lost(known, after)
    if not fault.loses:
        assert after.numbers == list(range(after.numbers[0], after.numbers[-1] + 1))
    within_bounds(row)


def watch_until_told(sensor: Sensor, says: str, began: float, row: Row) -> None:
    """Wait until the page names the fault, and note when it first told that not all is well."""
    told = sensor.watcher.wait(lambda seen: bool(re.search(says, seen.told)), began, GIVE_UP_S)
    assert told, f"the page said at last: {sensor.watcher.seen[-1].told}"
    row.noticed = round(told.time - began, 1)
    row.told = told.told
    first = next(seen for seen in sensor.watcher.after(began) if not seen.is_well)
    row.not_well = round(first.time - began, 1)


def show_led(sensor: Sensor, uptime: float, row: Row) -> None:
    """Note when the LEDs left the rhythm that means all is well."""
    deadline = time.monotonic() + GIVE_UP_S
    while not (changes := [each for each in sensor.led_changes(uptime) if each[1] != "seeing"]):
        assert time.monotonic() < deadline, f"the LED shows: {sensor.led()}"
    row.led, row.led_state = round(changes[0][0] - uptime, 1), changes[0][1]


def watch_until_healed(sensor: Sensor, since: float, mended: float, row: Row) -> None:
    """Wait until nothing is wrong any more, which the sensor's own test must confirm."""
    healed = sensor.watcher.wait(lambda seen: seen.is_whole, since, GIVE_UP_S)
    assert healed, f"the page said at last: {sensor.watcher.seen[-1].told}"
    row.healed = round(healed.time - mended, 1)
    sensor.drain()


def within_bounds(row: Row) -> None:
    late = {
        name: seconds
        for name, seconds, most in (
            ("noticed", row.noticed, NOTICED_S),
            ("led", row.led, NOTICED_S),
            ("healed", row.healed, HEALED_S),
        )
        if seconds is not None and seconds > most
    }
    assert not late, late


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
        began = time.monotonic()
        uptime = float(sensor.guest.run("cat /proc/uptime").split()[0])
        watch_until_told(sensor, "stream stopped", began, row)
        show_led(sensor, uptime, row)
    resumed = time.monotonic()
    watch_until_healed(sensor, resumed, resumed, row)
    began_with.append(sensor.snapshot(known.newest))
    assert restarted(known, began_with[-1]) == set()
    within_bounds(row)


def test_flood_of_alerts(
    sensor: Sensor, known: Snapshot, began_with: list[Snapshot], table: list[Row]
) -> None:
    row = Row(f"{FLOOD_PER_SECOND:,} alerts a second")
    table.append(row)
    lost = losses(sensor.watcher.seen[-1])
    began = time.monotonic()
    uptime = float(sensor.guest.run("cat /proc/uptime").split()[0])
    sensor.router.burst(FLOOD, FLOOD_PER_SECOND * FLOOD_S, FLOOD_PER_SECOND)
    ended = time.monotonic()
    watch_until_told(sensor, "flood of alerts", began, row)
    show_led(sensor, uptime, row)
    watch_until_healed(sensor, ended, ended, row)
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
