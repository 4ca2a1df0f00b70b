"""Whether a file system takes writes at all: in every mount of it, in every namespace, at once.

mount(2) says it of one mount too, and each service of ours has mounts of its own, copied when it
started. What is set here is shared by them all (fspick(2), fsconfig(2)); mount(8) calls it `ro=fs`.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
# From linux/mount.h and linux/fcntl.h.
AT_FDCWD = -100
FSPICK_CLOEXEC, FSPICK_NO_AUTOMOUNT = 0x1, 0x4
FSCONFIG_SET_FLAG, FSCONFIG_CMD_RECONFIGURE = 0, 7

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fspick.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
_libc.fsconfig.argtypes = (
    ctypes.c_int, ctypes.c_uint, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int,
)  # fmt: skip


def is_writable(mountinfo: str, mount: Path) -> bool | None:
    """Tell whether the file system at `mount` takes writes; None where nothing is mounted there.

    `mountinfo` is what proc_pid_mountinfo(5) describes; of mounts in one place the last is on top.
    """
    found = None
    for line in mountinfo.splitlines():
        own, _, shared = line.partition(" - ")
        if own.split(" ")[4] == str(mount):
            found = "rw" in shared.split(" ")[2].split(",")
    return found


def set_writable(mount: Path, writable: bool) -> None:
    """Let the file system at `mount` take writes, or no more; what was written is on the disk then.

    Needs CAP_SYS_ADMIN. Raises OSError: EBUSY while a file is open for writing, EROFS or EACCES for
    a device that is write-protected.
    """
    descriptor = _checked(
        _libc.fspick(AT_FDCWD, os.fsencode(mount), FSPICK_CLOEXEC | FSPICK_NO_AUTOMOUNT), mount
    )
    try:
        flag = b"rw" if writable else b"ro"
        _checked(_libc.fsconfig(descriptor, FSCONFIG_SET_FLAG, flag, None, 0), mount)
        _checked(_libc.fsconfig(descriptor, FSCONFIG_CMD_RECONFIGURE, None, None, 0), mount)
    finally:
        os.close(descriptor)


def _checked(result: int, mount: Path) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(mount))
    return result
