# SPDX-License-Identifier: MIT
from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from appliance.formats.ip import IPV4_MAPPED
from appliance.receiver import loop
from appliance.receiver.loop import LARGE_BATCH, LONG_PAUSE_S, LOOK_AROUND, PAUSE_S, Receiver
from appliance.receiver.mmsg import SLOTS, Batch
from appliance.service import Stop

LOOPBACK = IPV4_MAPPED + bytes((127, 0, 0, 1))


class Recorder:
    """Notes the batches in the place of the forwarder, and stops the loop after so many."""

    def __init__(self, stop: Stop, datagrams: int) -> None:
        self._stop = stop
        self._left = datagrams
        self.batches: list[list[bytes]] = []
        self.after: Callable[[], None] = lambda: None

    def forward(self, batch: Batch, count: int, now: float) -> None:
        self.batches.append([bytes(batch.datagram(index)) for index in range(count)])
        self._left -= count
        self.after()
        if self._left <= 0:
            self._stop.set()


class Ports:
    """UDP sockets that receive, each with one that sends to it, and the wake-up of the loop."""

    def __init__(self) -> None:
        self.receivers = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(2)]
        self.senders = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(2)]
        for receiver, sender in zip(self.receivers, self.senders, strict=True):
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            receiver.bind(("127.0.0.1", 0))
            sender.connect(receiver.getsockname())
        self.wake, self.waker = socket.socketpair()

    def close(self) -> None:
        for each in (*self.receivers, *self.senders, self.wake, self.waker):
            each.close()


@pytest.fixture
def ports() -> Iterator[Ports]:
    made = Ports()
    yield made
    made.close()


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the pauses that the loop makes, instead of making them."""
    made: list[float] = []
    monkeypatch.setattr("appliance.receiver.loop.time.sleep", made.append)
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a clock that stands still but where the test moves it."""
    made = [100.0]
    monkeypatch.setattr("appliance.receiver.loop.time.monotonic", lambda: made[0])
    return made


def receiver(ports: Ports, recorder: Recorder, stop: Stop, tick: Callable[[], None]) -> Receiver:
    return Receiver(ports.receivers, recorder, stop, ports.wake, tick)  # type: ignore[arg-type]


def test_run_hands_on_all_sockets(ports: Ports) -> None:
    stop = Stop()
    recorder = Recorder(stop, 3)
    ports.senders[0].send(b"one")
    ports.senders[0].send(b"two")
    ports.senders[1].send(b"three")
    receiver(ports, recorder, stop, lambda: None).run()
    assert recorder.batches == [[b"one", b"two"], [b"three"]]


def test_run_leaves_what_waits_when_stopped(ports: Ports) -> None:
    stop = Stop()
    stop.set()
    ports.senders[0].send(b"waits")
    receiver(ports, Recorder(stop, 1), stop, lambda: None).run()
    assert ports.receivers[0].recv(10, socket.MSG_DONTWAIT) == b"waits"


def test_run_pauses_where_more_is_due_within_the_pause(
    ports: Ports, sleeps: list[float], clock: list[float]
) -> None:
    stop = Stop()
    recorder = Recorder(stop, 6)

    def next_two() -> None:
        clock[0] += 1.5 * PAUSE_S
        for _ in range(2):
            ports.senders[0].send(b"")

    next_two()
    recorder.after = next_two
    receiver(ports, recorder, stop, lambda: None).run()
    assert [len(batch) for batch in recorder.batches] == [2, 2, 2]
    assert sleeps == [PAUSE_S] * 3


def test_run_pauses_longer_after_large_batches(
    ports: Ports, sleeps: list[float], clock: list[float]
) -> None:
    stop = Stop()
    clock[0] += PAUSE_S
    for _ in range(LARGE_BATCH):
        ports.senders[0].send(b"")
    receiver(ports, Recorder(stop, LARGE_BATCH), stop, lambda: None).run()
    assert sleeps == [LONG_PAUSE_S]


def test_run_takes_a_slow_stream_without_pause(
    ports: Ports, sleeps: list[float], clock: list[float]
) -> None:
    stop = Stop()
    recorder = Recorder(stop, 3)

    def next_one() -> None:
        clock[0] += 2 * PAUSE_S
        ports.senders[0].send(b"")

    next_one()
    recorder.after = next_one
    receiver(ports, recorder, stop, lambda: None).run()
    assert (len(recorder.batches), sleeps) == (3, [])


def test_run_goes_straight_on_after_a_full_batch(ports: Ports, sleeps: list[float]) -> None:
    stop = Stop()
    recorder = Recorder(stop, 2 * SLOTS)
    for _ in range(2 * SLOTS):
        ports.senders[0].send(b"")
    receiver(ports, recorder, stop, lambda: None).run()
    assert [len(batch) for batch in recorder.batches] == [SLOTS, SLOTS]
    assert sleeps == []


def test_a_flood_of_one_costs_others_little_time_and_their_sockets_few_looks(
    ports: Ports, sleeps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, looked = Stop(), []
    receive = Batch.receive

    def look(batch: Batch, receiver: socket.socket) -> int:
        looked.append(receiver)
        return receive(batch, receiver)

    monkeypatch.setattr(Batch, "receive", look)
    rounds = 3 * LOOK_AROUND
    recorder = Recorder(stop, rounds * SLOTS + 1)

    def flood() -> None:
        if len(recorder.batches) == 2:
            ports.senders[1].send(b"other")
        for _ in range(SLOTS if len(recorder.batches[-1]) == SLOTS else 0):
            ports.senders[0].send(b"")

    recorder.batches.append([b""] * SLOTS)
    flood()
    recorder.after = flood
    receiver(ports, recorder, stop, lambda: None).run()
    assert 0 < recorder.batches.index([b"other"]) <= 2 + LOOK_AROUND
    assert looked.count(ports.receivers[1]) <= 2 + rounds // LOOK_AROUND
    assert sleeps == []


def test_run_ticks_while_idle(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "TICK_S", 0.01)
    stop = Stop()
    ticks: list[int] = []

    def tick() -> None:
        ticks.append(len(ticks))
        if len(ticks) == 3:
            stop.set()

    receiver(ports, Recorder(stop, 1), stop, tick).run()
    assert ticks == [0, 1, 2]


def test_run_ticks_under_load(ports: Ports, clock: list[float], sleeps: list[float]) -> None:
    stop = Stop()
    recorder = Recorder(stop, 10)
    ticks: list[float] = []

    def keep_busy() -> None:
        clock[0] += loop.TICK_S / 2
        ports.senders[0].send(b"")

    keep_busy()
    recorder.after = keep_busy
    receiver(ports, recorder, stop, lambda: ticks.append(clock[0])).run()
    assert len(ticks) == 5, "each second, of which ten batches took five"


def test_run_wakes_for_a_signal(ports: Ports) -> None:
    class StopAtSecondGlance(Stop):
        glances = 0

        def __bool__(self) -> bool:
            self.glances += 1
            return self.glances > 1

    stop = StopAtSecondGlance()
    ports.waker.send(b"\0")
    # Without the wake-up the loop would wait for its next tick.
    receiver(ports, Recorder(stop, 1), stop, lambda: pytest.fail("waited for a tick")).run()


def test_newest_are_those_of_the_last_batch_each_once(ports: Ports) -> None:
    stop = Stop()
    for sender, content in ((0, b"one"), (1, b"two"), (1, b"three")):
        ports.senders[sender].send(content)
    made = receiver(ports, Recorder(stop, 3), stop, lambda: None)
    made.run()
    assert [(key, bytes(each)) for key, each in made.newest(1)] == [(LOOPBACK, b"two")]
    assert list(made.newest(2)) == []
