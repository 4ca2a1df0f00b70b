# SPDX-License-Identifier: MIT
"""Tell an emulated machine that has stalled while it starts from one that is merely slow.

What tells is seen from outside: whether its console grows, what processor time QEMU uses, and how
long QEMU waits for a processor or a disk of the host. `StallWatch` judges; `look` only reads.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import GuestError

# A machine that starts is never without work for so long.
QUIET_S = 15.0
# More than an idle machine's clock costs; one that starts uses a whole processor or more.
IDLE_SHARE = 0.1
# Its kernel complains after a pause of the whole host, too, but goes on then.
AFTERMATH_S = 8.0
# Who has waited for the host's processors for so much of the time is slow.
STARVED_SHARE = 0.25
# Whoever hears that a connection to QEMU has ended waits so long for QEMU's own end.
ENDING_S = 10.0
COMPLAINT = re.compile(r"^.*(?:kthread timer wakeup didn't happen|BUG: soft lockup).*", re.M)

# What was seen of each machine that was started once more: for whoever sums up a run.
started_again: list[str] = []


class StallError(GuestError):
    """The emulated machine does nothing any more; `seen` tells what shows it."""

    def __init__(self, seen: str, last_words: Sequence[str] = ()) -> None:
        super().__init__("\n  ".join([f"the guest stalled: {seen}", *last_words]))
        self.seen = seen


@dataclass(frozen=True)
class Sample:
    """What is seen of a machine at one moment; all times in seconds."""

    moment: float
    console_bytes: int
    busy: float
    starved: float
    waits_for_disk: bool = False
    complaints: tuple[str, ...] = ()


class StallWatch:
    """Judges samples, taken every second or so while somebody waits for the machine."""

    def __init__(self) -> None:
        self._first: Sample | None = None
        self._quiet_since: Sample | None = None
        self._complained: float | None = None

    def stalled(self, now: Sample, *, may_idle: bool = False) -> str | None:
        """Return what shows that the machine has stalled, None where nothing does.

        With `may_idle` it may be waiting for somebody else, and only its kernel's word counts.
        """
        self._first = self._first or now
        said = self._by_complaint(self._first, now)
        return said or (None if may_idle else self._by_silence(now))

    def _by_complaint(self, first: Sample, now: Sample) -> str | None:
        """Judge by what the kernel has said since the first sample."""
        if len(now.complaints) == len(first.complaints):
            return None
        if self._complained is None:
            self._complained = now.moment
        if now.moment - self._complained < AFTERMATH_S or _waits_for_host(first, now):
            return None
        return f"its kernel says: {now.complaints[-1]}"

    def _by_silence(self, now: Sample) -> str | None:
        since = self._quiet_since
        if since is None or _has_worked(since, now):
            self._quiet_since = now
            return None
        seconds = now.moment - since.moment
        if seconds < QUIET_S:
            return None
        used = now.busy - since.busy
        return f"{used:.1f} s of processor time and no word on its console for {seconds:.0f} s"


def _has_worked(since: Sample, now: Sample) -> bool:
    """Whether anything moved, or would have on a host with nothing else to do."""
    passed = max(now.moment - since.moment, 1.0)
    wanted = now.busy - since.busy + now.starved - since.starved
    has_written = now.console_bytes != since.console_bytes
    return has_written or now.waits_for_disk or wanted > IDLE_SHARE * passed


def _waits_for_host(since: Sample, now: Sample) -> bool:
    return now.starved - since.starved > STARVED_SHARE * (now.moment - since.moment)


def look(process: int, console: Path, moment: float) -> Sample:
    """Return what is seen now of the machine that is QEMU's `process`."""
    said = console.read_bytes() if console.exists() else b""
    return Sample(
        moment,
        len(said),
        busy=_processor_seconds(process),
        starved=starved(process),
        waits_for_disk=_waits_for_disk(process),
        complaints=tuple(COMPLAINT.findall(said.decode(errors="replace").replace("\r", ""))),
    )


def starved(process: int) -> float:
    """Return for how many seconds one of a process' threads has waited for a processor.

    The most that any of them has. Source: the kernel's sched-stats.
    """
    waited = [int(stat.split()[1]) for stat in _of_threads(process, "schedstat")]
    return max(waited, default=0) / 1e9


def crash(process: subprocess.Popen[bytes]) -> str:
    """Return by what fault of its own QEMU has ended, empty where it has not or by none.

    QEMU 10 aborts now and then while an emulated machine of two processors sets up its devices:
    "iotlb_to_section: Assertion `section_index < d->map.sections_nb' failed".
    """
    with suppress(subprocess.TimeoutExpired):
        process.wait(ENDING_S)
    faults = {-each: each.name for each in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS)}
    name = faults.get(process.returncode or 0)
    return f"QEMU ended itself by {name}" if name else ""


def start_once_more(seen: str) -> None:
    """Say that a machine is started once more, and why; remember it."""
    started_again.append(seen)
    # A terminal may show a running clock just there (image/progress.py).
    clear = "\r\033[K" if sys.stderr.isatty() else ""
    print(f"{clear}the emulated machine stopped and is started once more: {seen}", file=sys.stderr)


def summary() -> list[str]:
    """Return a line for whoever sums up a run: how often it happened, and what was seen last."""
    if not started_again:
        return []
    count = len(started_again)
    what = "machine stopped and was" if count == 1 else "machines stopped and were"
    return [f"{count} emulated {what} started once more: {started_again[-1]}"]


def _processor_seconds(process: int) -> float:
    """Return user and system time of all threads; fields 14 and 15 of proc_pid_stat(5)."""
    fields = _after_name(Path(f"/proc/{process}/stat").read_text())
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _waits_for_disk(process: int) -> bool:
    """Whether a thread is in uninterruptible sleep just now."""
    return any(_after_name(stat)[0] == "D" for stat in _of_threads(process, "stat"))


def _of_threads(process: int, name: str) -> list[str]:
    """Return what /proc says of each thread; QEMU's for input and output come and go."""
    texts = []
    for file in Path(f"/proc/{process}/task").glob(f"*/{name}"):
        with suppress(FileNotFoundError, ProcessLookupError):
            texts.append(file.read_text())
    return texts


def _after_name(stat: str) -> list[str]:
    return stat.rpartition(")")[2].split()
