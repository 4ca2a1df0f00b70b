# SPDX-License-Identifier: MIT
"""`glovebox films-check`: is the MEDIA partition whole? Looked at before it is mounted.

exFAT has no journal; a mark in its first sector says that it was being written (Microsoft's exFAT
specification, 3.1.13.2). Only then fsck.exfat reads all of it and repairs what is safe to repair.
Whatever comes of that, films can be played: the partition is mounted read-only.
"""

from __future__ import annotations

import argparse
import errno
import logging
import subprocess
from collections.abc import Sequence
from pathlib import Path

from appliance import service
from appliance.errors import GloveboxError, PrivilegeError
from appliance.films.make_partition import BY_NUMBER
from appliance.reports import statusfile
from appliance.reports.films import Condition, PartitionCheck
from appliance.service import Running

SECTOR = 512
NAME, NAME_AT = b"EXFAT   ", 3
FLAGS_AT = 106
VOLUME_DIRTY, MEDIA_FAILURE = 0x2, 0x4
# The unit gives it half a minute more.
SECONDS = 150.0
# fsck(8): the sum of 1 for repaired errors and more for what went wrong.
REPAIRED = 1

log = logging.getLogger(__name__)


def is_dirty(boot_sector: bytes) -> bool:
    """Tell whether an exFAT file system was not closed cleanly, by its first 512 bytes.

    One of another kind is not: nothing here could repair it.
    """
    if len(boot_sector) < SECTOR or boot_sector[NAME_AT : NAME_AT + len(NAME)] != NAME:
        return False
    flags = int.from_bytes(boot_sector[FLAGS_AT : FLAGS_AT + 2], "little")
    return bool(flags & (VOLUME_DIRTY | MEDIA_FAILURE))


def first_sector(device: Path) -> bytes:
    """Return the first 512 bytes of a device. Raises PrivilegeError or GloveboxError."""
    try:
        with device.open("rb", buffering=0) as stream:
            return stream.read(SECTOR)
    except OSError as error:
        kind = PrivilegeError if error.errno in (errno.EACCES, errno.EPERM) else GloveboxError
        raise kind(f"{device}: {error.strerror}") from error


def check(
    device: Path,
    program: Sequence[str] = ("fsck.exfat",),
    runtime: Path = statusfile.RUNTIME_DIRECTORY,
) -> Condition:
    """Repair the file system on `device` if it must be; return how it is then."""
    if not is_dirty(first_sector(device)):
        return Condition.CLEAN
    PartitionCheck(Condition.CHECKING).publish(runtime)
    argv = [*program, "-p", str(device)]
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.error("%s cannot be checked: %s", device, error)
        return Condition.DAMAGED
    for line in (done.stdout + done.stderr).splitlines():
        log.info("%s", line)
    is_whole = done.returncode & ~REPAIRED == 0 and not is_dirty(first_sector(device))
    return Condition.REPAIRED if is_whole else Condition.DAMAGED


def main(argv: Sequence[str]) -> int:
    """Check the partition and publish how it is; `--help` tells the exit statuses."""
    parser = argparse.ArgumentParser(
        prog="glovebox films-check",
        description="Repair the file system of the films where it was not closed cleanly.",
        epilog="Exit status: 0 looked at, whatever was found; 1 no such device; 4 a right missing.",
    )
    parser.add_argument("device", nargs="?", type=Path, default=BY_NUMBER, help="(%(default)s)")
    return service.run("films-check", parser, argv, _tell, settings=False, once=True)


def _tell(running: Running) -> int:
    device = running.arguments.device
    condition = check(device)
    if condition is Condition.DAMAGED:
        log.warning("%s was not closed cleanly, and could not be repaired", device)
    else:
        log.info("%s: %s", device, condition)
    PartitionCheck(condition).publish()
    return 0
