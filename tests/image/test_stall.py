# SPDX-License-Identifier: MIT
"""Machines that stall in earnest: processors that stand still, timer interrupts that are lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from image.build.context import BUILD
from image.build.image import Image
from image.machine import accelerator, stall
from image.machine.guest import Guest

BOOTS = 100

# Takes interrupts away from the second processor's timer: masks its entry in the local APIC's
# vector table (Intel SDM 3A, "Local Vector Table") until it must have been due.
LOSE_TIMER_INTERRUPTS = """
import mmap, os, time
os.sched_setaffinity(0, {1})
memory = os.open("/dev/mem", os.O_RDWR | os.O_SYNC)
apic = memoryview(mmap.mmap(memory, 4096, offset=0xFEE00000)).cast("I")
entry = apic[0x320 // 4]
for _ in range(5):
    apic[0x320 // 4] = entry | 1 << 16
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        pass
    apic[0x320 // 4] = entry
    time.sleep(0.1)
print("woke up")
"""


@pytest.fixture
def started_again(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the count, apart from that of this run of the tests."""
    counted: list[str] = []
    monkeypatch.setattr(stall, "started_again", counted)
    return counted


@pytest.mark.image
@pytest.mark.long
@pytest.mark.timeout(900)
def test_machine_whose_processors_stand_still_is_started_once_more(
    image: Image, started_again: list[str]
) -> None:
    with Guest(image, BUILD) as guest:
        with guest.qmp() as monitor:
            monitor.execute("stop")
        assert guest.run("echo here") == "here"
    assert len(started_again) == 1


@pytest.mark.image
@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_a_hundred_boots_in_a_row(image: Image, started_again: list[str]) -> None:
    """Each comes up, by itself or started once more; how many were is printed."""
    for number in range(BOOTS):
        with Guest(image, BUILD) as guest:
            assert guest.run("echo here") == "here"
        print(f"boot {number + 1}: {len(started_again)} started once more so far", flush=True)


@pytest.mark.image
@pytest.mark.long
@pytest.mark.timeout(900)
def test_lost_timer_interrupt_does_not_stop_a_processor(image: Image) -> None:
    """With the kernel's own choice of timer it never wakes up (image/machine/accelerator.py)."""
    chosen = accelerator.choose(image.tools, image.kernel, BUILD / "accelerator")
    if chosen == accelerator.KVM:
        pytest.skip("this host does not emulate: KVM's timer is the kernel's own choice")
    relaxed = replace(image, command_line=f"{image.command_line} iomem=relaxed")
    with Guest(relaxed, BUILD) as guest:
        assert guest.run(f"python3 -c '{LOSE_TIMER_INTERRUPTS}'", 60) == "woke up"
