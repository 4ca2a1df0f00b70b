# SPDX-License-Identifier: MIT
"""The self-test's parts that need no sensor; the whole is in tests/net and in the booted image."""

from __future__ import annotations

import itertools
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import selftest
from appliance.alerts.store import AlertReader
from appliance.errors import InterfaceError
from appliance.formats import tzsp
from appliance.ids import marker, pulse, snort, suricata
from appliance.ids.engine import EngineCount
from appliance.ids.handover import Handover
from appliance.ids.marker import Token
from appliance.ids.pulse import RESTS_S, Look
from appliance.ids.unified2 import EVENT_IPV4, HEADER
from appliance.reports.selftest import SelfTestReport
from appliance.selftest import PASSED, SelfTestRun
from tests.conftest import need_root
from tests.unit.ids import eve

TOKEN = Token(40001, 40002)


def event(sid: int, token: Token) -> bytes:
    body = EVENT_IPV4.pack(
        0, 1, 0, 0, sid, marker.GID, 1, 0, 4, bytes(4), bytes(4),
        token.source_port, token.destination_port, socket.IPPROTO_UDP,
    )  # fmt: skip
    # As in Snort's file, where the structure ends with padding.
    body += bytes(3)
    return HEADER.pack(7, len(body)) + body


def snort_spool(folder: Path) -> Handover:
    return snort.handover(folder, folder, folder)


@pytest.mark.parametrize(
    ("records", "found"),
    [
        (event(marker.SID, TOKEN), True),
        (event(marker.SID, Token(40002, 40001)), False),
        (event(marker.SID + 1, TOKEN), False),
        (b"", False),
        (struct.pack(">II", 7, 1), False),
    ],
    ids=["there", "of another test", "of another rule", "empty", "damaged"],
)
def test_is_handed_over_wants_this_tests_marker(
    records: bytes, found: bool, tmp_path: Path
) -> None:
    (tmp_path / "alert.u2.1.1").write_bytes(records)
    assert selftest.is_handed_over(snort_spool(tmp_path), TOKEN) is found


def test_is_handed_over_by_suricata(tmp_path: Path) -> None:
    alerts = suricata.handover(tmp_path, tmp_path, tmp_path)
    ports = (TOKEN.source_port, TOKEN.destination_port)
    (tmp_path / "alert.1.json").write_bytes(eve.line(marker.SID, ports=ports))
    assert selftest.is_handed_over(alerts, TOKEN) is True
    assert selftest.is_handed_over(alerts, Token(1, 2)) is False


def test_is_handed_over_without_a_spool(tmp_path: Path) -> None:
    assert selftest.is_handed_over(snort_spool(tmp_path / "absent"), TOKEN) is False


def test_wait_for_gives_up_at_the_deadline() -> None:
    assert selftest.wait_for(lambda: False, time.monotonic()) is False


def test_wait_for_asks_once_even_when_it_is_late() -> None:
    assert selftest.wait_for(lambda: True, time.monotonic() - 1) is True


def engine_that(counts: bool) -> Callable[[], Look]:
    """Return an engine of whose looks one seems RESTS_S later than the one before."""
    numbers = itertools.count()

    def look() -> Look:
        number = next(numbers)
        return Look(number * 2 * RESTS_S, True, EngineCount(number if counts else 5, 0))

    return look


@pytest.fixture
def always_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "ENGINE_LOOK_S", float("-inf"))


def ended(seconds: float) -> float:
    return time.monotonic() - seconds


@pytest.mark.usefixtures("always_looks")
def test_wait_for_engine_waits_beyond_the_usual_time_for_one_at_work() -> None:
    asked = iter([False] * 5 + [True])
    usual, latest = ended(1), time.monotonic() + 60
    assert selftest.wait_for_engine(lambda: next(asked), engine_that(True), usual, latest) == ""


@pytest.mark.usefixtures("always_looks")
def test_wait_for_engine_gives_up_the_one_at_work_at_the_latest_time() -> None:
    found = selftest.wait_for_engine(lambda: False, engine_that(True), ended(2), ended(1))
    assert found.startswith(pulse.LATE)


@pytest.mark.usefixtures("always_looks")
def test_wait_for_engine_gives_up_the_one_that_rests_at_the_usual_time() -> None:
    latest = time.monotonic() + 60
    found = selftest.wait_for_engine(lambda: False, engine_that(False), ended(1), latest)
    assert found.startswith(pulse.DEAF)
    assert time.monotonic() < latest


def test_send_wraps_the_marker_as_the_router_would() -> None:
    frame = marker.frame("00" * marker.SECRET_BYTES, TOKEN)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sensor:
        sensor.bind(("127.0.0.1", 0))
        sensor.settimeout(5)
        selftest.send(frame, sensor.getsockname()[1])
        packet = tzsp.decode(memoryview(sensor.recv(2000)))
    assert bytes(packet.payload) == frame


def test_open_sniffer_of_no_interface() -> None:
    need_root()
    with pytest.raises(InterfaceError, match="nosuch0"):
        selftest.open_sniffer("nosuch0")


def test_describe_ends_with_the_verdict() -> None:
    text = selftest.describe(SelfTestRun(PASSED, {"sent": 0.001, "stored": 0.25}))
    assert text.splitlines()[-1] == "self-test: passed"
    assert "stored" in text


@pytest.mark.parametrize(
    ("inspected", "verdict"),
    [
        (2.0, PASSED),
        (2.001, f"{PASSED}, engine late: its alert came after 2 s"),
        (34.4, f"{PASSED}, engine late: its alert came after 34 s"),
    ],
)
def test_result_says_that_the_engine_was_late(inspected: float, verdict: str) -> None:
    result = SelfTestRun(selftest.passed_after(inspected, 2.0))
    assert (result.verdict, result.passed) == (verdict, True)


def test_result_is_passed_by_its_verdict_alone() -> None:
    assert SelfTestRun(PASSED).report().passed is True
    assert SelfTestRun("engine late: it still inspects").report().passed is False
    assert SelfTestRun(selftest.STATIONS["inspected"]).report().passed is False


def test_report_is_read_back_as_it_was_published(tmp_path: Path) -> None:
    report = SelfTestRun(PASSED, {"sent": 0.001, "stored": 0.25}).report()
    report.publish(tmp_path)
    assert SelfTestReport.read(tmp_path) == report


@pytest.mark.parametrize("deaf", [None, 1], ids=["all hear", "the second is deaf"])
def test_run_asks_each_inspector_and_names_the_first_that_fails(
    deaf: int | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = list[int]()

    def one(sensor: object, secret: str, seconds: float, number: int) -> SelfTestRun:
        asked.append(number)
        return SelfTestRun(pulse.DEAF if number == deaf else PASSED)

    monkeypatch.setattr(selftest, "_run", one)
    reader = AlertReader(tmp_path / "alerts.db")
    sensor = selftest.SensorUnderTest("tzsp0", 37008, None, reader, inspectors=3)
    found = selftest.run(sensor, "00", 1.0)
    assert asked == ([0, 1, 2] if deaf is None else [0, 1])
    assert found.verdict == (PASSED if deaf is None else f"{pulse.DEAF} (inspector 2 of 3)")
