# SPDX-License-Identifier: MIT
"""Rule sets in real engines: switched while frames come, and taken back from one that fails."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.renewal import after_switch
from tests import frames as handmade
from tests.net.engine import Engine, inject
from tests.net.namespaces import Network, wait_until
from tests.net.renewing import RealSensor, deafen, hang, kill
from tests.net.suricata import Suricata, alerts
from tests.unit.renewal.played import packed

pytestmark = pytest.mark.net

ATTACK_SID = 2_900_001
ATTACK = handmade.ethernet(
    handmade.ipv4(handmade.udp(b"what only a newer rule knows", 9, 9), source=bytes((192, 0, 2, 9)))
)
ATTACK_RULE = (
    'alert udp any any -> any any (msg:"newer"; content:"only a newer rule";'
    f" classtype:of-the-set; sid:{ATTACK_SID}; rev:1;)\n"
)
CLASSES = b"config classification: of-the-set,A class that no image has,1\n"


@pytest.fixture(autouse=True)
def _short_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(after_switch, "WATCH_S", 3.0)


def a_set(count: int, *more: str) -> bytes:
    """Return an archive with so many rules of four kinds, and some more."""
    lines = [
        f'alert tcp any any -> any 80 (msg:"made {n}"; flow:established,to_server;'
        f' content:"GET /{n:x}/evil{n * 7919:x}"; sid:{2_000_000 + n}; rev:1;)'
        for n in range(count)
    ]
    text = "\n".join([*lines, *more, ""]).encode()
    return packed({"rules/made.rules": text, "rules/classification.config": CLASSES})


@pytest.fixture
def suricata(network: Network, suricata_root: Path, tmp_path: Path) -> Iterator[Suricata]:
    """Return Suricata on the sniffing interface."""
    made = Suricata(suricata_root, tmp_path / "run", network)
    yield made
    made.stop(9)


@pytest.fixture
def snort(network: Network, engine_root: Path, tmp_path: Path) -> Iterator[Engine]:
    """Return Snort on the sniffing interface."""
    made = Engine(engine_root, tmp_path / "run", network)
    yield made
    made.stop(9)


def raised(engine: Suricata, sid: int = ATTACK_SID) -> int:
    return sum(each.sid == sid for each in alerts(engine.files()))


@pytest.mark.suricata
def test_suricata_takes_a_set_live_and_one_with_which_it_dies_is_taken_back(
    network: Network, suricata: Suricata, tmp_path: Path
) -> None:
    sensor = RealSensor(suricata, network, tmp_path, live=True)
    suricata.configure()
    process = suricata.start()
    inject(network, [ATTACK])
    broken = "alert tcp any any -> any any (nonsense; sid:5;)"
    report = sensor.round(a_set(500, ATTACK_RULE, broken))
    assert report.force and report.force.rules == 501, report.told
    assert report.force.sets[0].refused == 1
    # It is the same process, and knows now what it did not know before.
    assert suricata.process and suricata.process.pid == process and raised(suricata) == 0
    is_still_known(sensor, suricata)
    is_taken_back(sensor, suricata, kill, "the engine ended")


@pytest.mark.long
@pytest.mark.suricata
@pytest.mark.parametrize("spoil", [hang, deafen])
def test_rules_with_which_suricata_hangs_or_is_deaf_are_taken_back(
    network: Network, suricata: Suricata, tmp_path: Path, spoil: Callable[[Engine], None]
) -> None:
    sensor = RealSensor(suricata, network, tmp_path, live=True)
    suricata.configure()
    suricata.start()
    assert sensor.round(a_set(500, ATTACK_RULE)).in_force
    is_taken_back(sensor, suricata, spoil, "deaf")


def is_taken_back(
    sensor: RealSensor, suricata: Suricata, spoil: Callable[[Engine], None], why: str
) -> None:
    """Spoil the engine once it has newer rules: those of before hold again."""
    first, sensor.door.spoil = sensor.places.in_force(), spoil
    report = sensor.round(a_set(510))
    assert why in report.told and "taken back" in report.told
    assert report.in_force == first and sensor.places.chosen() == first
    is_still_known(sensor, suricata)


def is_still_known(sensor: RealSensor, suricata: Suricata) -> None:
    """Wait for an alert that only rules of the set raise."""
    before = raised(suricata)
    inject(sensor.network, [ATTACK])
    wait_until(lambda: raised(suricata) > before, "the alert of a rule of the set")


@pytest.mark.long
@pytest.mark.snort
def test_snort_takes_a_set_by_a_restart_and_one_that_dies_is_taken_back(
    network: Network, snort: Engine, tmp_path: Path
) -> None:
    sensor = RealSensor(snort, network, tmp_path)
    snort.configure()
    process = snort.start()
    report = sensor.round(a_set(300, ATTACK_RULE))
    assert report.in_force and report.force and report.force.rules == 301, report.told
    assert snort.process and snort.process.pid != process
    sensor.door.spoil = kill
    again = sensor.round(a_set(310))
    assert "the engine ended" in again.told and again.in_force == report.in_force


@pytest.mark.long
@pytest.mark.suricata
@pytest.mark.parametrize("live", [True, False])
def test_how_long_nothing_is_detected_while_20000_rules_are_switched(
    network: Network, suricata: Suricata, tmp_path: Path, live: bool
) -> None:
    """A frame every 20 ms that the rules of before know: what is missing of them is printed."""
    sensor = RealSensor(suricata, network, tmp_path, live=live)
    suricata.configure()
    suricata.start()
    sensor.round(a_set(19_000, ATTACK_RULE))
    ended, sent = threading.Event(), itertools.count()

    def send() -> None:
        while not ended.wait(0.02):
            inject(network, [ATTACK])
            next(sent)

    sender = threading.Thread(target=send)
    sender.start()
    began = time.time()
    report = sensor.round(a_set(20_000, ATTACK_RULE))
    ended.set()
    sender.join()
    assert report.force and report.force.rules == 20_001, report.told
    count = next(sent)
    wait_until(lambda: raised(suricata) > 0, "alerts")
    times = sorted(
        each.time_us / 1e6 for each in alerts(suricata.files()) if each.sid == ATTACK_SID
    )
    times = [each for each in times if each >= began - 1]
    gap = max(after - before for before, after in itertools.pairwise(times))
    print(f"live={live}: {count} sent, {len(times)} raised, the longest gap {gap:.2f} s")
    assert len(times) > 0.3 * count


@pytest.mark.slow
@pytest.mark.suricata
def test_what_passes_while_suricata_is_restarted_is_counted(
    network: Network, suricata: Suricata
) -> None:
    """Each frame raises an alert, or stands among those that nobody inspected."""
    suricata.configure()
    local = suricata.directory / "rules/local.rules"
    local.write_text(local.read_text() + ATTACK_RULE.replace("classtype:of-the-set; ", ""))
    suricata.start()
    suricata.count("began")
    ended, sent = threading.Event(), itertools.count()

    def send() -> None:
        while not ended.wait(0.005):
            inject(network, [ATTACK])
            next(sent)

    sender = threading.Thread(target=send)
    sender.start()
    wait_until(lambda: raised(suricata) > 50, "alerts")
    suricata.count("ended")
    before = raised(suricata)
    suricata.end_as_its_unit_does()
    suricata.count("ended")  # Once more, after its end: nothing changes.
    suricata.start()
    suricata.count("began")
    wait_until(lambda: raised(suricata) > before + 50, "alerts of the new one")
    ended.set()
    sender.join()
    count, (stopped, began) = next(sent), suricata.away()
    missed = began - stopped
    wait_until(lambda: raised(suricata) + missed >= count, "each frame is told of")
    # Those that it inspected between the count and its end are counted as well, but no others.
    assert 0 < missed < count
