# SPDX-License-Identifier: MIT
"""Stalled machines: told from slow ones, started once more, and counted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from appliance.errors import GuestError
from image.build.image import Image
from image.machine import stall
from image.machine.guest import Guest
from image.machine.stall import Sample, StallError, StallWatch, look

STALLED = Sample(moment=0.0, console_bytes=700, busy=9.0, starved=1.0)
# What Debian's kernel said when one timer interrupt of a processor was taken away from it.
COMPLAINT = (
    "[   63.6] rcu: rcu_preempt kthread timer wakeup didn't happen for 5251 jiffies! g1305 f0x0"
    " RCU_GP_WAIT_FQS(5) ->state=0x402"
)


def each_second(seconds: int, busy: float = 0.0, starved: float = 0.0) -> Iterable[Sample]:
    """Yield samples of a machine that uses and waits for so much of a processor."""
    for second in range(seconds):
        yield replace(
            STALLED,
            moment=float(second),
            busy=STALLED.busy + second * busy,
            starved=STALLED.starved + second * starved,
        )


def judged(samples: Iterable[Sample], *, may_idle: bool = False) -> tuple[float, str] | None:
    """Return when the watch first says that the machine has stalled, and what shows it."""
    watch = StallWatch()
    for sample in samples:
        if said := watch.stalled(sample, may_idle=may_idle):
            return sample.moment, said
    return None


def test_machine_without_word_or_work_has_stalled_within_20_s() -> None:
    verdict = judged(each_second(60, busy=0.04))
    assert verdict is not None
    assert verdict[0] <= 20.0
    assert verdict[1] == "0.6 s of processor time and no word on its console for 15 s"


def test_machine_that_works_silently_has_not_stalled() -> None:
    assert judged(each_second(600, busy=0.6)) is None


def test_slow_machine_on_a_busy_host_has_not_stalled() -> None:
    assert judged(each_second(600, busy=0.01, starved=0.9)) is None


def test_machine_that_waits_for_a_disk_has_not_stalled() -> None:
    assert judged(replace(each, waits_for_disk=True) for each in each_second(600)) is None


def test_machine_that_writes_to_its_console_has_not_stalled() -> None:
    samples = (replace(each, console_bytes=int(each.moment) // 10) for each in each_second(600))
    assert judged(samples) is None


def test_machine_that_stops_after_a_while_has_stalled() -> None:
    samples = [*each_second(100, busy=1.0)]
    samples += [replace(samples[-1], moment=99.0 + second) for second in range(20)]
    verdict = judged(samples)
    assert verdict is not None
    assert verdict[0] == 99.0 + stall.QUIET_S


def test_machine_that_has_answered_may_wait_for_somebody() -> None:
    assert judged(each_second(600), may_idle=True) is None


def complaining(samples: Iterable[Sample], since: float) -> Iterable[Sample]:
    for each in samples:
        yield replace(each, complaints=(COMPLAINT,)) if each.moment >= since else each


def test_kernel_that_complains_of_its_timer_has_stalled_also_where_it_may_idle() -> None:
    verdict = judged(complaining(each_second(60, busy=1.0), since=30.0), may_idle=True)
    assert verdict == (30.0 + stall.AFTERMATH_S, f"its kernel says: {COMPLAINT}")


def test_kernel_that_complains_on_a_busy_host_has_not_stalled() -> None:
    samples = complaining(each_second(60, busy=0.4, starved=0.5), since=30.0)
    assert judged(samples, may_idle=True) is None


def test_kernel_that_complained_before_anybody_waited_has_not_stalled() -> None:
    assert judged(complaining(each_second(60, busy=1.0), since=0.0), may_idle=True) is None


@pytest.mark.slow
def test_look_sees_the_work_and_the_words_of_a_process(tmp_path: Path) -> None:
    console = tmp_path / "console.log"
    assert look(os.getpid(), console, 1.0).console_bytes == 0
    text = f"\r\nstarting\r\n{COMPLAINT}\r\n[   63.7] rcu: \tPossible timer handling issue on cpu=1"
    console.write_bytes(text.encode())
    program = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seen = look(process.pid, console, 2.0)
        process.communicate(b"\n")
    assert (seen.moment, seen.console_bytes) == (2.0, len(text))
    assert seen.complaints == (COMPLAINT,)
    assert 0.2 <= seen.busy < 5.0
    assert seen.starved >= 0.0


class StandIn(Guest):
    """A guest without a machine: it counts how often it would be started again."""

    def __init__(self, folder: Path, disk: Path | None = None) -> None:
        super().__init__(cast(Image, None), folder, disk=disk)
        self.replaced = 0

    def _replace(self) -> None:
        self.replaced += 1

    def stall_times(self, times: int) -> None:
        """Start up; the guest stalls so often before it is ready."""
        stalls = [StallError(f"stall {number}") for number in range(1, times + 1)]

        def wait() -> None:
            if stalls:
                raise stalls.pop(0)

        self.start_up(wait)


@pytest.fixture(autouse=True)
def started_again(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the count, apart from that of this run of the tests."""
    counted: list[str] = []
    monkeypatch.setattr(stall, "started_again", counted)
    return counted


def test_guest_that_stalls_is_started_once_more_and_counted(
    tmp_path: Path, started_again: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    guest = StandIn(tmp_path)
    guest.stall_times(1)
    assert (guest.replaced, started_again) == (1, ["stall 1"])
    assert capsys.readouterr().err == (
        "the emulated machine stopped and is started once more: stall 1\n"
    )
    assert stall.summary() == ["1 emulated machine stopped and was started once more: stall 1"]


@pytest.mark.parametrize(
    ("ends", "seen"),
    [("kill -ABRT $$", "QEMU ended itself by SIGABRT"),
     ("kill -SEGV $$", "QEMU ended itself by SIGSEGV"),
     ("kill -KILL $$", ""), ("exit 0", ""), ("exit 1", "")],
)  # fmt: skip
def test_crash_of_qemu_is_told_from_its_end(ends: str, seen: str) -> None:
    with subprocess.Popen(["sh", "-c", ends]) as process:
        assert stall.crash(process) == seen


def test_guest_whose_qemu_crashes_is_started_once_more_and_counted(
    tmp_path: Path, started_again: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    guest, errors = StandIn(tmp_path), [GuestError("the guest ended")]

    def wait() -> None:
        if errors:
            raise errors.pop()

    monkeypatch.setattr(guest, "_crash", lambda: "QEMU ended itself by SIGABRT")
    guest.start_up(wait)
    assert (guest.replaced, started_again) == (1, ["QEMU ended itself by SIGABRT"])


def test_guest_that_ends_by_itself_is_not_started_again(tmp_path: Path) -> None:
    guest = StandIn(tmp_path)

    def wait() -> None:
        raise GuestError("the guest ended with status 0")

    with pytest.raises(GuestError, match="status 0"):
        guest.start_up(wait)
    assert guest.replaced == 0


def test_guest_that_stalls_twice_is_an_error_that_says_what_was_seen(tmp_path: Path) -> None:
    guest = StandIn(tmp_path)
    with pytest.raises(StallError, match="^the guest stalled: stall 2"):
        guest.stall_times(2)
    assert guest.replaced == 1


def test_guest_that_was_ready_is_not_started_again(tmp_path: Path) -> None:
    guest = StandIn(tmp_path)
    guest.stall_times(0)
    with pytest.raises(StallError):
        guest.stall_times(1)
    assert guest.replaced == 0


def test_guest_with_a_disk_of_the_callers_is_not_started_again(tmp_path: Path) -> None:
    guest = StandIn(tmp_path, disk=tmp_path / "card.qcow2")
    with pytest.raises(StallError):
        guest.stall_times(1)
    assert guest.replaced == 0


def test_wait_within_a_wait_leaves_the_start_to_the_outer_one(tmp_path: Path) -> None:
    """As `wait_ready` does: it runs commands, each of which waits for the shell by itself."""
    guest = StandIn(tmp_path)
    tries: list[int] = []

    def outer() -> None:
        tries.append(guest.replaced)
        if guest.replaced == 0:
            guest.stall_times(1)

    guest.start_up(outer)
    assert tries == [0, 1]


def test_nothing_is_summed_up_where_nothing_stalled() -> None:
    assert stall.summary() == []
