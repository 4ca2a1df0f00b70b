# SPDX-License-Identifier: MIT
"""QEMU's words for each machine."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from image.build import boards
from image.build.tools import Tools
from image.machine import accelerator, firmware, qemu
from image.machine.qemu import Pc, Pi3B, Wiring

FOLDER = Path("/run")
WIRING = Wiring(
    tools=Tools(Path("/tools")), kernel=Path("/kernel"), initrd=Path("/initrd"),
    device_tree=Path("/tree"), command_line="quiet", disk=Path("/disk"), write_log=None,
    network="user,id=home", folder=FOLDER, memory_mib=512, accelerator_note=Path("/note"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator, "choose", lambda *words: accelerator.EMULATION)


def after(option: str, argv: list[str]) -> list[str]:
    return [argv[at + 1] for at, word in enumerate(argv) if word == option]


def test_every_board_has_its_machine() -> None:
    assert qemu.MACHINES.keys() == set(boards.names())
    for name in boards.names():
        assert qemu.of(boards.choose(name)) is qemu.MACHINES[name]


def test_pc_gets_the_harness_through_the_firmware_and_not_the_command_line() -> None:
    argv = Pc().argv(WIRING)
    assert after("-append", argv) == [f"quiet {accelerator.EMULATION.command_line}"]
    unit, wanted = (
        base64.b64decode(word.partition("=")[2].partition("=")[2]).decode()
        for word in (each.replace("type=11,", "") for each in after("-smbios", argv))
    )
    assert "/dev/virtio-ports/glovebox.harness" in unit
    assert wanted == qemu.HARNESS_WANTED


def test_pc_has_a_port_for_its_firmwares_mailbox() -> None:
    argv = Pc().argv(WIRING)
    assert f"file,id=mailbox,path={FOLDER}/firmware-mailbox" in after("-chardev", argv)
    assert f"virtserialport,chardev=mailbox,name={firmware.PORT}" in after("-device", argv)


def test_pc_logs_writes_behind_a_cache_of_its_own() -> None:
    plain = " ".join(Pc().argv(WIRING))
    logged = " ".join(Pc().argv(replace(WIRING, write_log=Path("/log"))))
    assert "cache=writethrough" in plain
    assert "blklogwrites" not in plain
    assert "log.filename=/log" in logged
    assert "write-cache=on" in logged


def test_pi_gets_the_harness_on_the_kernels_command_line() -> None:
    argv = Pi3B().argv(WIRING)
    (append,) = after("-append", argv)
    assert append.startswith("quiet systemd.watchdog_sec=0")
    assert append.count("systemd.set_credential_binary=") == 2
    assert after("-dtb", argv) == ["/tree"]


@pytest.mark.parametrize(
    ("image", "card"), [(1, 4 << 30), (3 << 30, 4 << 30), (5 << 30, 8 << 30), (9 << 30, 16 << 30)]
)
def test_pis_card_is_of_a_size_that_qemu_takes(image: int, card: int) -> None:
    assert Pi3B().disk_bytes(image) == card
    assert Pc().disk_bytes(image) == image
