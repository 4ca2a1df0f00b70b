# SPDX-License-Identifier: MIT
"""The two systems of a card: where each is, which one BOOT names, which one runs.

Each has a partition of its own, and a folder on BOOT with its kernel, initrd, device trees and
command line. `os_prefix` in config.txt names the folder that starts (Raspberry Pi documentation,
config.txt: os_prefix); with the one-shot flag set, tryboot.txt is read in its place (bootflow:
fail-safe OS updates). Cards of older images have one system, with its files beside config.txt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CONFIG, TRIAL_CONFIG = "config.txt", "tryboot.txt"
COMMAND_LINE = "cmdline.txt"
# In a system's folder: the certificates of those whose updates it takes.
KEYRING = "keyring.pem"
# A line as an owner's editor may leave it: with the line end of Windows.
PREFIX = re.compile(rb"^os_prefix=([ab])/[ \t]*\r?$", re.MULTILINE)
ROOT = re.compile(r"(?<!\S)root=PARTUUID=([0-9a-f]{8})-([0-9a-f]{2})(?!\S)")


@dataclass(frozen=True)
class System:
    """One of the two: its name, and the number of its partition on the card."""

    name: str
    partition: int

    @property
    def folder(self) -> str:
        """Return its folder on BOOT, as `os_prefix` has it."""
        return f"{self.name}/"

    @property
    def command_line(self) -> str:
        """Return where its command line is on BOOT."""
        return f"{self.folder}{COMMAND_LINE}"

    @property
    def other(self) -> System:
        return B if self == A else A


# Partitions of image/boards/*/genimage.cfg.
A, B = System("a", 2), System("b", 6)
BOTH = (A, B)
# Where command lines are on BOOT: that of an older card, and those of the two.
COMMAND_LINES = (COMMAND_LINE, A.command_line, B.command_line)


def named(config: bytes) -> System | None:
    """Return the system that a config.txt has started; None on a card of an older image.

    Of several lines none counts: which one the firmware takes, an owner may have changed.
    """
    found = PREFIX.findall(config)
    return _called(found[0].decode()) if len(found) == 1 else None


def naming(config: bytes, system: System) -> bytes:
    """Return a config.txt that has `system` started: one byte of it differs, or none.

    Raises ValueError for one that names no system.
    """
    found = PREFIX.search(config)
    if found is None or named(config) is None:
        raise ValueError("config.txt names no system")
    return config[: found.start(1)] + system.name.encode() + config[found.end(1) :]


def running(command_line: str) -> System | None:
    """Return the system that the kernel's command line has as its root; None for neither."""
    found = ROOT.search(command_line)
    number = int(found[2], 16) if found else 0
    return next((each for each in BOTH if each.partition == number), None)


def command_line_of(system: System, command_line: str, signature: str) -> str:
    """Return a command line for `system` on the card with this signature.

    Raises ValueError where the line names no partition as its root.
    """
    if ROOT.search(command_line) is None:
        raise ValueError("the command line names no root")
    return ROOT.sub(f"root=PARTUUID={signature}-{system.partition:02x}", command_line)


def _called(name: str) -> System:
    return A if name == A.name else B
