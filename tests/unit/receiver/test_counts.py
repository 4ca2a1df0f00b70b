# SPDX-License-Identifier: MIT
from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from appliance.receiver.counts import Counts
from appliance.reports.outcomes import OUTCOMES
from appliance.reports.receiver import KernelCounters, ReceiverReport
from appliance.udp import kernel
from appliance.udp.sources import Sources, key_of

ROUTER = key_of(ip_address("192.0.2.1"))


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


def run(receiver: socket.socket, frames: int, before: ReceiverReport | None = None) -> Counts:
    """Return the ledger of a run that sent so many frames."""
    sources = Sources()
    ledger = Counts("tzsp0", [receiver], sources)
    if before:
        ledger.resume(before)
    count(sources, frames)
    ledger.update()
    return ledger


@pytest.fixture
def published(tmp_path: Path) -> Callable[[Counts], ReceiverReport]:
    """Return what makes of a ledger the report that another process reads."""

    def pass_on(ledger: Counts) -> ReceiverReport:
        ledger.status().publish(tmp_path)
        return ReceiverReport.require(tmp_path)

    return pass_on


Published = Callable[[Counts], ReceiverReport]


def test_status_is_read_back_as_it_was_published(receiver: socket.socket, tmp_path: Path) -> None:
    status = run(receiver, 3).status()
    status.publish(tmp_path)
    assert ReceiverReport.read(tmp_path) == status


def test_status_counts_in_total_and_by_sender(
    receiver: socket.socket, published: Published
) -> None:
    started = time.time()
    status = published(run(receiver, 3))
    assert (status.interface, status.ports) == ("tzsp0", (receiver.getsockname()[1],))
    assert status.last_frame is not None
    assert started <= status.started <= status.last_frame <= status.updated + 0.001
    assert status.tally.sent == status.tally.received == 3
    sender = status.senders["192.0.2.1"]
    assert (sender.tally.sent, sender.tally.bytes_sent) == (3, 180)
    assert started <= sender.last_seen <= time.time()


def test_status_by_a_clock_that_stands_at_1970(
    receiver: socket.socket, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = run(receiver, 3)
    monkeypatch.setattr("appliance.receiver.counts.time.time", lambda: 0.5)
    later = time.monotonic() + 100
    monkeypatch.setattr("appliance.receiver.counts.time.monotonic", lambda: later)
    status = published(ledger)
    assert (status.last_frame, status.senders["192.0.2.1"].last_seen) == (0, 0)


def test_status_without_any_frame(receiver: socket.socket, published: Published) -> None:
    status = published(Counts("tzsp0", [receiver], Sources()))
    assert (status.last_frame, status.senders) == (None, {})


def test_status_is_of_each_port_once(receiver: socket.socket) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as second:
        second.bind(("::1", receiver.getsockname()[1]))
        ledger = Counts("tzsp0", [receiver, second], Sources())
    assert ledger.status().ports == (receiver.getsockname()[1],)


def test_update_counts_losses_since_the_start(
    receiver: socket.socket, losses: dict[str, int]
) -> None:
    ledger = run(receiver, 1)
    losses["reassembly_failures"] += 3
    losses["udp_errors"] += 4
    losses["drops"] += 5
    ledger.update()
    status = ledger.status()
    assert status.reassembly_failures == 3
    assert status.udp_errors == 4
    assert status.socket_overflow == 5


def test_update_counts_what_overflowed_before_the_first_run(
    receiver: socket.socket, losses: dict[str, int]
) -> None:
    losses["drops"] = 7
    assert run(receiver, 1).status().socket_overflow == 7


def test_resume_goes_on_and_takes_up_what_was_lost_in_between(
    receiver: socket.socket, losses: dict[str, int], published: Published
) -> None:
    losses["drops"] = 5
    first = published(run(receiver, 3))
    losses["drops"] += 2
    losses["udp_errors"] += 2
    losses["reassembly_failures"] += 1
    second = run(receiver, 4, first)
    status = published(second)
    assert status.tally.received == status.senders["192.0.2.1"].tally.sent == 7
    assert status.tally.bytes_sent == 420
    assert (status.socket_overflow, status.udp_errors) == (7, 2)
    assert status.reassembly_failures == 1
    third = published(run(receiver, 1, status))
    assert (third.tally.sent, third.socket_overflow) == (8, 7)


def test_report_is_of_this_run_alone(
    receiver: socket.socket, losses: dict[str, int], published: Published
) -> None:
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


def test_resume_keeps_when_the_last_frame_was(
    receiver: socket.socket, published: Published
) -> None:
    before = published(run(receiver, 3))
    assert before.last_frame is not None
    then = before.last_frame - 50
    sender = replace(before.senders["192.0.2.1"], last_seen=then)
    ledger = Counts("tzsp0", [receiver], Sources())
    ledger.resume(replace(before, last_frame=then, senders={"192.0.2.1": sender}))
    status = published(ledger)
    assert status.last_frame == pytest.approx(then, abs=1)
    assert status.senders["192.0.2.1"].last_seen == pytest.approx(then, abs=1)


def test_resume_counts_a_new_socket_from_its_start(
    receiver: socket.socket, losses: dict[str, int], published: Published
) -> None:
    losses["drops"] = 5
    before = published(run(receiver, 3))
    other = replace(before, kernel=replace(before.kernel, sockets={"1": 1000}))
    losses["drops"] = 2
    assert run(receiver, 1, other).status().socket_overflow == 7


@pytest.mark.parametrize(
    "change",
    [{"interface": "tzsp1"}, {"ports": (1,)}, {"kernel": KernelCounters("another", {}, {})}],
    ids=["interface", "ports", "boot"],
)
def test_resume_starts_anew_after_a_change(
    receiver: socket.socket,
    change: dict[str, Any],
    published: Published,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = replace(published(run(receiver, 3)), **change)
    assert run(receiver, 1, before).status().tally.sent == 1
    assert not caplog.records


def test_resume_takes_nothing_where_a_sender_is_none(
    receiver: socket.socket, published: Published, caplog: pytest.LogCaptureFixture
) -> None:
    before = published(run(receiver, 3))
    senders = {**before.senders, "nobody": before.senders["192.0.2.1"]}
    second = run(receiver, 1, replace(before, senders=senders))
    assert second.status().tally.sent == second.report()["frames_sent"] == 1
    assert "damaged" in caplog.text
