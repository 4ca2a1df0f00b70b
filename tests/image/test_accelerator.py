"""The accelerator: what is remembered of it, and a kernel that goes on under emulation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from image import accelerator
from image.build import Image
from image.guest import Guest
from image.stages import BUILD
from image.tools import Tools

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


@pytest.mark.parametrize("name", ["kvm", "tcg"])
def test_answer_is_remembered_until_the_host_reboots(name: str, tmp_path: Path) -> None:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    (tmp_path / "note").write_text(f"{boot} {name}\n")
    chosen = accelerator.choose(cast(Tools, None), tmp_path / "kernel", tmp_path / "note")
    assert chosen.words[1].split(",")[0] == name


def test_only_an_emulated_kernel_is_told_of_its_timer() -> None:
    assert accelerator.KVM.command_line == ""
    assert set(accelerator.EMULATION.command_line.split()) == {"nohz=off", "highres=off"}


@pytest.mark.image
@pytest.mark.long
@pytest.mark.timeout(900)
def test_lost_timer_interrupt_does_not_stop_a_processor(image: Image) -> None:
    """With the kernel's own choice of timer it never wakes up (image/accelerator.py)."""
    chosen = accelerator.choose(image.tools, image.kernel, BUILD / "accelerator")
    if chosen == accelerator.KVM:
        pytest.skip("this host does not emulate: KVM's timer is the kernel's own choice")
    relaxed = replace(image, command_line=f"{image.command_line} iomem=relaxed")
    with Guest(relaxed, BUILD) as guest:
        assert guest.run(f"python3 -c '{LOSE_TIMER_INTERRUPTS}'", 60) == "woke up"
