# SPDX-License-Identifier: MIT
"""Run programs of a foreign architecture on this host: QEMU's user mode, known to the kernel.

The kernel's binfmt_misc (Documentation/admin-guide/binfmt-misc.rst) starts the interpreter that
is registered for a kind of file. The flag F opens it at registration, so that it works in any
root. What a host has registered itself is used as it is; otherwise root registers the QEMU of the
tools root, until the host reboots.
"""

from __future__ import annotations

import os
from pathlib import Path

from appliance.errors import PrivilegeError
from image.build.tools import Tools
from image.command import BuildError, run

BINFMT = Path("/proc/sys/fs/binfmt_misc")
# The first bytes of an ELF file: 64 bit, little-endian, e_machine 0xb7 (elf(5)); `mask` says which
# bits count: any operating system, an executable or a shared object.
MAGIC = {"arm64": "7f454c460201010000000000000000000200b700"}
MASK = "ffffffffffffff00fffffffffffffffffeffffff"
INTERPRETERS = {"arm64": "qemu-aarch64"}
MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}


def ensure(architecture: str, tools: Tools, log: Path) -> None:
    """See to it that programs of `architecture` run here. Raises PrivilegeError, BuildError."""
    if os.uname().machine == MACHINES[architecture] or registered(architecture, BINFMT):
        return
    if os.geteuid() != 0:
        raise PrivilegeError(
            f"this host cannot run {architecture} programs yet: `sudo apt install"
            " qemu-user-static binfmt-support` makes it so, or build as root"
        )
    if not (BINFMT / "register").exists():
        run(["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT], log)
    program = tools.root / "usr/bin" / INTERPRETERS[architecture]
    try:
        (BINFMT / "register").write_bytes(registration(architecture, program))
    except OSError as error:
        raise BuildError(f"the kernel takes no interpreter for {architecture}: {error}") from error


def registered(architecture: str, folder: Path) -> bool:
    """Tell whether the kernel has an interpreter for `architecture` that works in any root."""
    return any(_serves(entry, architecture) for entry in folder.glob("*"))


def _serves(entry: Path, architecture: str) -> bool:
    if entry.name in ("register", "status"):
        return False
    lines = entry.read_text().splitlines()
    flags = next((line for line in lines if line.startswith("flags:")), "")
    return lines[0] == "enabled" and "F" in flags and f"magic {MAGIC[architecture]}" in lines


def registration(architecture: str, program: Path) -> bytes:
    """Return the line that registers `program` for `architecture`."""
    magic, mask = (_escaped(text) for text in (MAGIC[architecture], MASK))
    return f":glovebox-{architecture}:M::{magic}:{mask}:{program}:F".encode()


def _escaped(octets: str) -> str:
    return "".join(f"\\x{octets[i : i + 2]}" for i in range(0, len(octets), 2))
