# SPDX-License-Identifier: MIT
"""The emulated machines: a PC for the `vm` board, a Pi 3B as QEMU models it for the `pi` board.

Each gives QEMU's words for one machine. The harness' shell comes as a unit in a systemd credential
(systemd.extra-unit, systemd-debug-generator(8)): through the PC's firmware tables, or on the
kernel's command line where there are none.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from image.build.boards import Board
from image.build.tools import Tools
from image.machine import accelerator, firmware

# Not named glovebox-*: the sandbox that our services share would hold for it too.
HARNESS_UNIT = """\
[Unit]
Description=Test harness
DefaultDependencies=no
After={device}.device
BindsTo={device}.device
[Service]
ExecStart=/bin/sh -c '{prepare}echo ready; exec /bin/sh'
StandardInput=file:{port}
StandardOutput=file:{port}
StandardError=null
Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
"""
SMALLEST_CARD = 4 << 30
HARNESS_WANTED = "[Unit]\nWants=harness.service\n"


@dataclass(frozen=True)
class Wiring:
    """What a machine is connected to: its disk, its network, the sockets in `folder`."""

    tools: Tools
    kernel: Path
    initrd: Path
    device_tree: Path | None
    command_line: str
    disk: Path
    write_log: Path | None
    network: str
    folder: Path
    memory_mib: int
    accelerator_note: Path

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    @property
    def mailbox(self) -> Path:
        """Return where the machine's words to its firmware go."""
        return self.folder / "firmware-mailbox"

    @property
    def harness(self) -> str:
        return f"socket,id=harness,path={self.folder}/harness.sock,server=on,wait=off"


class Machine(Protocol):
    """One kind of machine."""

    def argv(self, wiring: Wiring) -> list[str]:
        """Return the program and the words that start it."""

    def disk_bytes(self, image_bytes: int) -> int:
        """Return the size of the disk that holds an image of `image_bytes`."""


class Pc:
    """A PC with virtio devices, accelerated where the host can."""

    def argv(self, wiring: Wiring) -> list[str]:
        tools = wiring.tools
        port = "/dev/virtio-ports/glovebox.harness"
        device = r"dev-virtio\x2dports-glovebox.harness"
        unit = HARNESS_UNIT.format(device=device, port=port, prepare="")
        chosen = accelerator.choose(tools, wiring.kernel, wiring.accelerator_note)
        return [
            *tools.argv("qemu-system-x86_64"),
            "-L", str(tools.root / "usr/share/qemu"), "-L", str(tools.root / "usr/share/seabios"),
            *chosen.words,
            "-M", "pc", "-smp", "2", "-m", str(wiring.memory_mib),
            *_common(wiring),
            "-serial", f"file:{wiring.console}",
            "-append", f"{wiring.command_line} {chosen.command_line}",
            *_virtio_disk(wiring),
            "-netdev", wiring.network,
            "-device", "virtio-net-pci,netdev=home,romfile=",
            "-device", "virtio-rng-pci", "-device", "virtio-serial",
            "-chardev", wiring.harness,
            "-device", "virtserialport,chardev=harness,name=glovebox.harness",
            "-chardev", f"file,id=mailbox,path={wiring.mailbox}",
            "-device", f"virtserialport,chardev=mailbox,name={firmware.PORT}",
            *_firmware_credential("systemd.extra-unit.harness.service", unit),
            *_firmware_credential("systemd.unit-dropin.sysinit.target", HARNESS_WANTED),
        ]  # fmt: skip

    def disk_bytes(self, image_bytes: int) -> int:
        return image_bytes


class Pi3B:
    """A Pi 3B: four cores, 1 GiB, the card as an SD card, a network interface at USB.

    The harness has the second serial port, the kernel's messages the first. QEMU's watchdog resets
    this machine the moment it is armed, so it stays off (hw/misc/bcm2835_powermgt.c).
    """

    def argv(self, wiring: Wiring) -> list[str]:
        # Raw, or the terminal would echo what it is told.
        unit = HARNESS_UNIT.format(
            device="dev-ttyS1", port="/dev/ttyS1", prepare="stty raw -echo <&1; "
        )
        command_line = [
            wiring.command_line,
            "systemd.watchdog_sec=0 earlycon=pl011,mmio32,0x3f201000 keep_bootcon",
            accelerator.PATIENT,
            *(
                f"systemd.set_credential_binary={name}:{_encoded(content)}"
                for name, content in (
                    ("systemd.extra-unit.harness.service", unit),
                    ("systemd.unit-dropin.sysinit.target", HARNESS_WANTED),
                )
            ),
        ]
        assert wiring.device_tree is not None, "a Pi starts with a device tree"
        return [
            *wiring.tools.argv("qemu-system-aarch64"),
            "-L", str(wiring.tools.root / "usr/share/qemu"),
            "-M", "raspi3b",
            *_common(wiring),
            "-dtb", str(wiring.device_tree),
            "-append", " ".join(command_line),
            "-drive", f"file={wiring.disk},if=sd,format=qcow2,cache=writethrough",
            "-chardev", f"file,id=console,path={wiring.console}", "-serial", "chardev:console",
            "-chardev", wiring.harness, "-serial", "chardev:harness",
            "-netdev", wiring.network, "-device", "usb-net,netdev=home",
        ]  # fmt: skip

    def disk_bytes(self, image_bytes: int) -> int:
        """Return 4 GiB, or the next power of two above: other sizes QEMU takes for no SD card."""
        return max(SMALLEST_CARD, 1 << image_bytes.bit_length())


MACHINES: dict[str, Machine] = {"vm": Pc(), "pi": Pi3B()}


def of(board: Board) -> Machine:
    """Return the machine that a board's image is started in."""
    return MACHINES[board.name]


def _common(wiring: Wiring) -> list[str]:
    return [
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-monitor", f"unix:{wiring.folder}/monitor.sock,server=on,wait=off",
        "-qmp", f"unix:{wiring.folder}/qmp.sock,server=on,wait=off",
        "-kernel", str(wiring.kernel), "-initrd", str(wiring.initrd),
    ]  # fmt: skip


def _virtio_disk(wiring: Wiring) -> list[str]:
    if wiring.write_log is None:
        return ["-drive", f"file={wiring.disk},if=virtio,format=qcow2,cache=writethrough"]
    # With a cache of its own, as a card has: the guest must say what is to last.
    return [
        "-blockdev", f"qcow2,node-name=disk,file.driver=file,file.filename={wiring.disk}",
        "-blockdev",
        "blklogwrites,node-name=logged,file=disk,log.driver=file,log-super-update-interval=1,"
        f"log.filename={wiring.write_log}",
        "-device", "virtio-blk-pci,drive=logged,write-cache=on",
    ]  # fmt: skip


def _firmware_credential(name: str, content: str) -> list[str]:
    """Return QEMU's words for a credential in the firmware's tables (SMBIOS type 11)."""
    value = f"io.systemd.credential.binary:{name}={_encoded(content)}"
    return ["-smbios", f"type=11,value={value}"]


def _encoded(content: str) -> str:
    return base64.b64encode(content.encode()).decode()
