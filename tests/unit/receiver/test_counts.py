from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from appliance.receiver.counts import Ledger
from appliance.reports.outcomes import OUTCOMES, Tally
from appliance.udp import kernel
from appliance.udp.sources import Sources, key_of

ROUTER = key_of(ip_address("192.0.2.1"))
GOOD = Tally([1] * OUTCOMES).as_json() | {"last_seen": 1.0}


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        yield made


@pytest.fixture
def losses(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Return the kernel's counters: the test lets them grow."""
    made = {"reassembly_failures": 1000, "udp_errors": 2000, "drops": 0}
    network = ("reassembly_failures", "udp_errors")
    monkeypatch.setattr(kernel, "network_losses", lambda: {name: made[name] for name in network})
    monkeypatch.setattr(kernel, "socket_drops", lambda receiver: made["drops"])
    return made


def count(sources: Sources, frames: int) -> None:
    source = sources.find(ROUTER)
    source.tally.count_sent(frames, frames * 65, frames * 60)
    source.last_seen = sources.last_frame = time.monotonic()


def run(receiver: socket.socket, frames: int, before: dict[str, Any] | None = None) -> Ledger:
    """Return the ledger of a run that sent so many frames."""
    sources = Sources()
    ledger = Ledger("tzsp0", [receiver], sources)
    if before:
        ledger.resume(before)
    count(sources, frames)
    ledger.update()
    return ledger


def published(ledger: Ledger) -> dict[str, Any]:
    """Return the status as another process reads it."""
    values: dict[str, Any] = json.loads(json.dumps(ledger.status()))
    return values


def test_status_has_the_documented_form(receiver: socket.socket) -> None:
    started = time.time()
    status = published(run(receiver, 3))
    assert status["interface"] == "tzsp0"
    assert status["ports"] == [receiver.getsockname()[1]]
    assert started <= status["started"] <= status["last_frame"] <= status["updated"] + 0.001
    assert status["frames_sent"] == status["datagrams_received"] == 3
    source = status["sources"]["192.0.2.1"]
    assert (source["frames_sent"], source["bytes_sent"]) == (3, 180)
    assert started <= source["last_seen"] <= time.time()
    assert {"socket_overflow", "reassembly_failures", "udp_errors"} < set(status)


def test_status_without_any_frame(receiver: socket.socket) -> None:
    status = published(Ledger("tzsp0", [receiver], Sources()))
    assert (status["last_frame"], status["sources"]) == (None, {})


def test_status_is_of_each_port_once(receiver: socket.socket) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as second:
        second.bind(("::1", receiver.getsockname()[1]))
        ledger = Ledger("tzsp0", [receiver, second], Sources())
    assert ledger.status()["ports"] == [receiver.getsockname()[1]]


def test_update_counts_losses_since_the_start(
    receiver: socket.socket, losses: dict[str, int]
) -> None:
    ledger = run(receiver, 1)
    losses["reassembly_failures"] += 3
    losses["udp_errors"] += 4
    losses["drops"] += 5
    ledger.update()
    status = ledger.status()
    assert status["reassembly_failures"] == 3
    assert status["udp_errors"] == 4
    assert status["socket_overflow"] == 5


def test_update_counts_what_overflowed_before_the_first_run(
    receiver: socket.socket, losses: dict[str, int]
) -> None:
    losses["drops"] = 7
    assert run(receiver, 1).status()["socket_overflow"] == 7


def test_resume_goes_on_and_takes_up_what_was_lost_in_between(
    receiver: socket.socket, losses: dict[str, int]
) -> None:
    losses["drops"] = 5
    first = published(run(receiver, 3))
    losses["drops"] += 2
    losses["udp_errors"] += 2
    losses["reassembly_failures"] += 1
    second = run(receiver, 4, first)
    status = published(second)
    assert status["datagrams_received"] == status["sources"]["192.0.2.1"]["frames_sent"] == 7
    assert status["bytes_sent"] == 420
    assert (status["socket_overflow"], status["udp_errors"]) == (7, 2)
    assert status["reassembly_failures"] == 1
    third = published(run(receiver, 1, status))
    assert (third["frames_sent"], third["socket_overflow"]) == (8, 7)


def test_report_is_of_this_run_alone(receiver: socket.socket, losses: dict[str, int]) -> None:
    losses["drops"] = 5
    first = published(run(receiver, 3))
    losses["drops"] = 6
    report = run(receiver, 4, first).report()
    assert report == {
        "datagrams_received": 4,
        "bytes_received": 260,
        "frames_sent": 4,
        "bytes_sent": 240,
        "keepalives": 0,
        "dropped": report["dropped"],
        "socket_overflow": 1,
        "reassembly_failures": 0,
    }
    assert len(report["dropped"]) == OUTCOMES - 2
    assert not any(report["dropped"].values())


def test_resume_keeps_when_the_last_frame_was(receiver: socket.socket) -> None:
    before = published(run(receiver, 3))
    before["last_frame"] -= 50
    before["sources"]["192.0.2.1"]["last_seen"] -= 50
    ledger = Ledger("tzsp0", [receiver], Sources())
    ledger.resume(before)
    status = published(ledger)
    assert status["last_frame"] == pytest.approx(before["last_frame"], abs=1)
    last_seen = status["sources"]["192.0.2.1"]["last_seen"]
    assert last_seen == pytest.approx(before["last_frame"], abs=1)


def test_resume_counts_a_new_socket_from_its_start(
    receiver: socket.socket, losses: dict[str, int]
) -> None:
    losses["drops"] = 5
    before = published(run(receiver, 3))
    before["kernel"]["sockets"] = {"1": 1000}
    losses["drops"] = 2
    assert run(receiver, 1, before).status()["socket_overflow"] == 7


@pytest.mark.parametrize(
    "change",
    [{"interface": "tzsp1"}, {"ports": [1]}, {"kernel": {"boot": "another"}}],
    ids=["interface", "ports", "boot"],
)
def test_resume_starts_anew_after_a_change(
    receiver: socket.socket, change: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    before = published(run(receiver, 3))
    assert run(receiver, 1, before | change).status()["frames_sent"] == 1
    assert not caplog.records


@pytest.mark.parametrize(
    "change",
    [
        {"sources": {"nobody": {}}},
        {"sources": []},
        {"sources": {"192.0.2.1": GOOD, "nobody": GOOD}},
        {"sources": {"192.0.2.1": {"frames_sent": "many"}}},
        {"last_frame": "yesterday"},
        {"socket_overflow": None},
        {"kernel": []},
        {"kernel": {}},
    ],
    ids=repr,
)
def test_resume_survives_damage(
    receiver: socket.socket, change: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    before = published(run(receiver, 3))
    second = run(receiver, 1, before | change)
    assert second.status()["frames_sent"] == second.report()["frames_sent"] == 1
    assert "damaged" in caplog.text


def test_resume_of_an_empty_file(receiver: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    assert run(receiver, 1, {"nothing": "here"}).status()["frames_sent"] == 1
    assert "damaged" in caplog.text
