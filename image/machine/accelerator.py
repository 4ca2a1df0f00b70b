# SPDX-License-Identifier: MIT
"""Find out whether this host's KVM really runs a guest: it may open and still crash it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from appliance.host import clocks
from image.build.tools import Tools

PROBE_SECONDS = 6.0


@dataclass(frozen=True)
class Accelerator:
    """QEMU's words for an accelerator, and what the kernel must be told of it."""

    words: list[str]
    command_line: str


KVM = Accelerator(["-accel", "kvm", "-cpu", "host"], "")
# Where an emulated processor loses one timer interrupt, a kernel that sets the timer anew for each
# event waits for it for ever; one whose timer ticks by itself goes on at the next tick.
TICKS = "nohz=off highres=off"
# How long a service may take to start says nothing of it where the host has much else to do.
PATIENT = "systemd.default_timeout_start_sec=10min"
EMULATION = Accelerator(["-accel", "tcg,thread=multi", "-cpu", "max"], f"{TICKS} {PATIENT}")
# A kernel without a root file system gets this far in about a second where KVM works.
PROOF = b"Unable to mount root fs"


def choose(tools: Tools, kernel: Path, memory: Path) -> Accelerator:
    """Return the accelerator to use, remembered in `memory` until the host reboots."""
    identity = clocks.boot_id()
    if memory.exists() and memory.read_text().split()[:1] == [identity]:
        works = memory.read_text().split()[1] == "kvm"
    else:
        works = kvm_works(tools, kernel)
        memory.write_text(f"{identity} {'kvm' if works else 'tcg'}\n")
    return KVM if works else EMULATION


def kvm_works(tools: Tools, kernel: Path) -> bool:
    """Start the kernel under KVM without a disk and see whether it comes to its own panic."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    argv = [
        *tools.argv("qemu-system-x86_64"), *KVM.words, "-m", "256", "-smp", "2", "-nodefaults",
        "-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", str(kernel),
        "-append", "console=ttyS0 panic=-1",
        "-L", str(tools.root / "usr/share/qemu"), "-L", str(tools.root / "usr/share/seabios"),
    ]  # fmt: skip
    try:
        result = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as expired:
        return PROOF in (expired.stdout or b"")
    return PROOF in result.stdout
