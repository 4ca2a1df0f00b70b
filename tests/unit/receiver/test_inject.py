# SPDX-License-Identifier: MIT
from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from appliance.errors import InterfaceError
from appliance.receiver import inject
from appliance.receiver.inject import RETRIES, Injector
from appliance.reports.outcomes import Outcome

COUNT = 5


class Kernel:
    """Stands where the batch asks the kernel: each frame goes, or fails as often as told."""

    def __init__(self, failures: dict[int, list[int]]) -> None:
        self.failures = failures
        self.sent: list[int] = []
        self.calls = 0

    def send(self, descriptor: int, first: int, count: int) -> int:
        self.calls += 1
        for position in range(first, first + count):
            if self.failures.get(position):
                if position > first:
                    return position - first
                number = self.failures[position].pop(0)
                raise OSError(number, os.strerror(number))
            self.sent.append(position)
        return count


class Interfaces:
    """Opens sockets in the place of the interface, or not, as told."""

    def __init__(self) -> None:
        self.opened: list[socket.socket] = []
        self.missing = False

    def open(self, name: str) -> socket.socket:
        if self.missing:
            raise InterfaceError(f"no interface {name}")
        self.opened.append(socket.socket(type=socket.SOCK_DGRAM))
        return self.opened[-1]


@pytest.fixture
def interfaces(monkeypatch: pytest.MonkeyPatch) -> Iterator[Interfaces]:
    made = Interfaces()
    monkeypatch.setattr(inject, "open_interface", made.open)
    monkeypatch.setattr(inject, "RETRY_PAUSE_S", 0)
    yield made
    for each in made.opened:
        each.close()


def send(injector: Injector, kernel: Any, count: int = COUNT) -> list[Outcome] | None:
    outcomes = injector.send(kernel, count)
    return None if outcomes is None else [Outcome(number) for number in outcomes]


def test_send_tells_none_where_all_went(interfaces: Interfaces) -> None:
    kernel = Kernel({})
    assert send(Injector("test0"), kernel) is None
    assert (kernel.sent, kernel.calls) == ([0, 1, 2, 3, 4], 1)


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (errno.EMSGSIZE, Outcome.OVERSIZE),
        (errno.EINVAL, Outcome.MALFORMED),
        (errno.EPERM, Outcome.NO_BUFFER),
    ],
)
def test_send_skips_the_frame_that_is_refused(
    interfaces: Interfaces, number: int, outcome: Outcome
) -> None:
    kernel = Kernel({0: [number], 2: [number], 4: [number]})
    sent = Outcome.SENT
    assert send(Injector("test0"), kernel) == [outcome, sent, outcome, sent, outcome]
    assert kernel.sent == [1, 3]


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM])
def test_send_tries_again_where_the_queue_is_full(interfaces: Interfaces, number: int) -> None:
    kernel = Kernel({3: [number] * RETRIES})
    assert send(Injector("test0"), kernel) is None
    assert kernel.sent == [0, 1, 2, 3, 4]


def test_send_gives_up_on_a_queue_that_stays_full(interfaces: Interfaces) -> None:
    kernel = Kernel(dict.fromkeys(range(COUNT), [errno.ENOBUFS] * 1000))
    assert send(Injector("test0"), kernel) == [Outcome.NO_BUFFER] * COUNT
    assert kernel.calls == COUNT + RETRIES, "patience is for the batch, not for each frame"


@pytest.mark.parametrize("number", [errno.ENETDOWN, errno.ENXIO, errno.ENODEV])
def test_send_finds_an_interface_made_anew_and_loses_nothing(
    interfaces: Interfaces, number: int
) -> None:
    injector, kernel = Injector("test0"), Kernel({2: [number]})
    assert send(injector, kernel) is None
    assert kernel.sent == [0, 1, 2, 3, 4]
    assert len(interfaces.opened) == 2
    assert interfaces.opened[0].fileno() == -1, "the old socket is closed"


def test_send_drops_the_rest_while_the_interface_is_down_and_logs_the_edges(
    interfaces: Interfaces, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 100.0
    monkeypatch.setattr("appliance.receiver.inject.time.monotonic", lambda: now)
    caplog.set_level("INFO")
    injector, kernel = Injector("test0"), Kernel({2: [errno.ENETDOWN] * 2, 0: []})
    down = Outcome.INTERFACE_DOWN
    assert send(injector, kernel) == [Outcome.SENT, Outcome.SENT, down, down, down]
    kernel.failures = {0: [errno.ENETDOWN]}
    assert send(injector, kernel) == [down] * COUNT
    assert len(interfaces.opened) == 2, "not looked for at every batch"
    now += inject.REOPEN_AFTER_S
    kernel.failures = {0: [errno.ENXIO]}
    assert send(injector, kernel) is None
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert "Network is down" in messages[0]
    assert messages[1] == "interface test0 is back"


def test_send_lives_with_an_interface_that_stays_away(interfaces: Interfaces) -> None:
    injector = Injector("test0")
    interfaces.missing = True
    for _ in range(3):
        outcomes = send(injector, Kernel({0: [errno.ENXIO] * 2}))
        assert outcomes == [Outcome.INTERFACE_DOWN] * COUNT


def test_send_of_nothing_asks_nobody(interfaces: Interfaces) -> None:
    kernel = Kernel({})
    assert send(Injector("test0"), kernel, 0) is None
    assert kernel.calls == 0


def test_injector_raises_where_there_is_no_interface(interfaces: Interfaces) -> None:
    interfaces.missing = True
    with pytest.raises(InterfaceError):
        Injector("test0")


def test_send_outcomes_fit_the_batch(interfaces: Interfaces) -> None:
    outcomes = Injector("test0").send(Kernel({0: [errno.EMSGSIZE]}), COUNT)  # type: ignore[arg-type]
    assert outcomes is not None
    assert outcomes.dtype == np.uint8
    assert outcomes.shape == (COUNT,)
