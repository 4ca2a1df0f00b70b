# SPDX-License-Identifier: MIT
"""The file systems that are mounted, and whether they take writes.

mount(2) says of one mount whether it takes writes, and each service of ours has mounts of its own,
copied when it started: nearly all of them are read-only. What counts is the file system itself. It
is shared by all its mounts, in every namespace, and can be switched (fspick(2), fsconfig(2));
mount(8) calls it `ro=fs`.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Mapping
from pathlib import Path

from appliance.errors import InputError
from appliance.host import libc

MOUNTINFO = Path("/proc/self/mountinfo")
# From linux/mount.h and linux/fcntl.h.
AT_FDCWD = -100
FSPICK_CLOEXEC, FSPICK_NO_AUTOMOUNT = 0x1, 0x4
FSCONFIG_SET_FLAG, FSCONFIG_CMD_RECONFIGURE = 0, 7
# Blanks and backslashes in names (proc_pid_mountinfo(5)).
_ESCAPED = re.compile(r"\\([0-7]{3})")

libc.LIBRARY.fspick.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
libc.LIBRARY.fsconfig.argtypes = (
    ctypes.c_int, ctypes.c_uint, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int,
)  # fmt: skip


def parse(mountinfo: str) -> dict[Path, bool]:
    """Return where something is mounted, and whether that file system takes writes.

    Of mounts in one place the last counts, which is on top (proc_pid_mountinfo(5)).
    """
    found = {}
    for line in mountinfo.splitlines():
        own, _, shared = line.partition(" - ")
        place = _ESCAPED.sub(lambda code: chr(int(code[1], 8)), own.split(" ")[4])
        found[Path(place)] = "rw" in shared.split(" ")[2].split(",")
    return found


def read(file: Path = MOUNTINFO) -> dict[Path, bool]:
    """Return the mounts that this process sees, as `parse` does. Raises OSError."""
    return parse(file.read_text(encoding="utf-8", errors="replace"))


def holding(place: Path, mounts: Mapping[Path, bool]) -> Path:
    """Return where the file system is mounted that holds `place`."""
    return next(each for each in (place, *place.parents) if each in mounts)


def disk_of(folder: Path) -> Path:
    """Return the device of the disk on which the file system of `folder` is. Raises InputError."""
    device = folder.stat().st_dev
    partition = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    if not (partition / "partition").exists():
        raise InputError(f"{folder} is on no partition of a disk")
    return Path("/dev") / partition.parent.name


def set_writable(mount: Path, writable: bool) -> None:
    """Let the file system at `mount` take writes, or no more; what was written is on the disk then.

    Needs CAP_SYS_ADMIN. Raises OSError: EBUSY while a file is open for writing, EROFS or EACCES for
    a device that is write-protected.
    """
    flags = FSPICK_CLOEXEC | FSPICK_NO_AUTOMOUNT
    picked = libc.LIBRARY.fspick(AT_FDCWD, os.fsencode(mount), flags)
    descriptor = libc.checked(picked, "fspick", mount)
    try:
        _configure(descriptor, FSCONFIG_SET_FLAG, b"rw" if writable else b"ro", mount)
        _configure(descriptor, FSCONFIG_CMD_RECONFIGURE, None, mount)
    finally:
        os.close(descriptor)


def _configure(descriptor: int, command: int, flag: bytes | None, mount: Path) -> None:
    done = libc.LIBRARY.fsconfig(descriptor, command, flag, None, 0)
    libc.checked(done, "fsconfig", mount)
