# SPDX-License-Identifier: MIT
"""What a Pi's firmware does with the BOOT partition, for an emulator that has no such firmware.

It reads config.txt and loads what that names, as the Raspberry Pi documentation describes it
(config.txt; bootflow: fail-safe OS updates): so an emulated machine starts from the very files that
a real one does. What is not understood here is refused and never guessed at.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import InputError
from image.build import partition_table
from image.build.tools import Tools
from image.command import run

# The firmware reads no more of autoboot.txt.
LARGEST_AUTOBOOT = 512
# Partitions that are BOOT: the first that can be started from, which is 0, is the first of all.
BOOT_NUMBERS = ("0", "1")
FILTERS = ("[all]", "[none]", "[tryboot]")
DEEPEST = 4


@dataclass(frozen=True)
class BootConfig:
    """What config.txt says of the files to load, and the prefix of all of them."""

    kernel: str
    initramfs: str
    command_line: str
    prefix: str = ""

    def place(self, name: str) -> str:
        """Return where a file is on BOOT; a name that begins with / has no prefix."""
        return name[1:] if name.startswith("/") else f"{self.prefix}{name}"


def settings(boot: Path, name: str, tryboot: bool, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield the settings in force of a file on BOOT and those that it includes, in order.

    Raises InputError for a condition that is none of `FILTERS`, and where a file is missing.
    """
    if depth > DEEPEST or not (boot / name).is_file():
        raise InputError(f"BOOT has no {name}, or it includes itself")
    failed: set[str] = set()
    for line in (boot / name).read_text(errors="replace").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("["):
            failed = _failed(failed, text, name, tryboot)
        elif failed:
            continue
        elif text.startswith("include "):
            yield from settings(boot, text.split(maxsplit=1)[1], tryboot, depth + 1)
        elif text:
            # `initramfs` is the one setting that is written without an equals sign.
            key, _, value = text.partition(" " if text.startswith("initramfs ") else "=")
            yield key, value.removesuffix(" followkernel").strip()


def _failed(failed: set[str], condition: str, file: str, tryboot: bool) -> set[str]:
    """Return which conditions fail from here on: kinds of them add up, and [all] ends them."""
    if condition not in FILTERS:
        raise InputError(f"{file}: {condition}: this condition is not understood here")
    if condition == "[all]":
        return set()
    return failed if condition == "[tryboot]" and tryboot else {*failed, condition}


def choose(boot: Path, tryboot: bool, device_tree: str | None) -> BootConfig:
    """Return what the firmware loads from the folder `boot`, which is BOOT.

    `tryboot` is the one-shot flag, which the firmware has cleared by then. Raises InputError.
    """
    name = "tryboot.txt" if tryboot and not _is_a_b(boot, tryboot) else "config.txt"
    found = dict(settings(boot, name, tryboot))
    try:
        config = BootConfig(found["kernel"], found["initramfs"], found["cmdline"])
    except KeyError as error:
        raise InputError(f"{name}: {error.args[0]} is missing") from error
    upstream = "upstream/" if found.get("upstream_kernel") == "1" else ""
    prefix = found.get("os_prefix", upstream)
    wanted = [config.kernel, *([device_tree] if device_tree else [])]
    if all((boot / f"{prefix}{each}").is_file() for each in wanted):
        return BootConfig(config.kernel, config.initramfs, config.command_line, prefix)
    # A prefix without kernel and device tree is no prefix.
    return config


def _is_a_b(boot: Path, tryboot: bool) -> bool:
    """Tell whether autoboot.txt has config.txt read with the flag set, too. Raises InputError."""
    file = boot / "autoboot.txt"
    if not file.exists():
        return False
    if file.stat().st_size > LARGEST_AUTOBOOT:
        raise InputError(f"autoboot.txt is larger than {LARGEST_AUTOBOOT} bytes")
    found = dict(settings(boot, file.name, tryboot))
    if found.get("boot_partition", "0") not in BOOT_NUMBERS:
        raise InputError("autoboot.txt: another partition than the first is not understood here")
    return found.get("tryboot_a_b") == "1"


def take(
    tools: Tools,
    disk: Path,
    device_tree: str | None,
    target: Path,
    log: Path,
    tryboot: bool = False,
) -> None:
    """Copy what the firmware would load from the BOOT partition of `disk` into the new `target`.

    There it is called vmlinuz, initrd.img, device-tree and cmdline; a machine without a
    `device_tree` has no such file. Raises InputError, and what run raises.
    """
    target.mkdir()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".boot-") as folder:
        boot = Path(folder)
        run(
            [*tools.argv("mcopy"), "-s", "-n", "-i", f"{disk}@@{boot_offset(disk)}", "::/*", boot],
            log,
            tools.environment,
        )
        config = choose(boot, tryboot, device_tree)
        wanted = {
            config.kernel: "vmlinuz", config.initramfs: "initrd.img",
            config.command_line: "cmdline", **({device_tree: "device-tree"} if device_tree else {}),
        }  # fmt: skip
        for name, to in wanted.items():
            file = boot / config.place(name)
            if not file.is_file():
                raise InputError(f"BOOT has no {config.place(name)}")
            file.rename(target / to)


def boot_offset(disk: Path) -> int:
    """Return where the first partition begins, in bytes."""
    return partition_table.first(disk).start
