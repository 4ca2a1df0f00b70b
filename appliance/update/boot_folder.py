# SPDX-License-Identifier: MIT
"""What a bundle brings for BOOT, into the folder of the system that does not run.

The command line goes first and comes last: in between, nothing takes that system for whole.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from appliance import files
from appliance.errors import DiskFullError, InputError
from appliance.host import systems
from appliance.host.systems import System

# Plain names, at most one folder deep: what a system has on BOOT (image/build/boot_partition.py).
NAME = re.compile(r"(?:[A-Za-z0-9][\w.+-]*/)?[A-Za-z0-9][\w.+-]*")
# A Pi's has some 400 files of 40 MB.
MOST_FILES, MOST_BYTES = 2000, 192 << 20
LARGEST_LINE = 4096


def write(tar_file: Path, boot: Path, system: System, running_line: str) -> None:
    """Bring the files of a bundle's tar to a system's folder on BOOT, which takes writes.

    The command line gets the signature of this card, which `running_line` has. Raises InputError
    for a tar that no build makes, DiskFullError, OSError.
    """
    found = systems.ROOT.search(running_line)
    if found is None:
        raise InputError("the kernel's command line names no root")
    with tarfile.open(tar_file, "r:") as tar:
        members = _checked(tar)
        clear(boot, system)
        _refuse_if_full(boot, members)
        for member in members:
            if member.name != systems.COMMAND_LINE:
                _take(tar, member, boot / system.name)
        os.sync()
        line = systems.command_line_of(system, _line(tar), found[1])
    files.write_durable(boot / system.command_line, line, 0o600)


def clear(boot: Path, system: System) -> None:
    """Take a system's files off BOOT, first that without which none starts it. Raises OSError."""
    files.remove(boot / systems.TRIAL_CONFIG)
    folder = boot / system.name
    if folder.is_dir():
        files.remove(boot / system.command_line)
        shutil.rmtree(folder)
        files.sync(boot)


def _checked(tar: tarfile.TarFile) -> Sequence[tarfile.TarInfo]:
    """Return the files of a tar. Raises InputError where it holds anything else, or too much."""
    members: list[tarfile.TarInfo] = []
    size = 0
    for member in tar:
        size += member.size
        if len(members) >= MOST_FILES or size > MOST_BYTES:
            raise InputError("the bundle has more for BOOT than any system needs")
        if member.isdir() and NAME.fullmatch(member.name):
            continue
        if not member.isfile() or not NAME.fullmatch(member.name):
            raise InputError(f"the bundle has something for BOOT that is no file: {member.name!r}")
        members.append(member)
    if systems.COMMAND_LINE not in {member.name for member in members}:
        raise InputError("the bundle has no command line for BOOT")
    return members


def _refuse_if_full(boot: Path, members: Sequence[tarfile.TarInfo]) -> None:
    state = os.statvfs(boot)
    blocks = sum(-(-member.size // state.f_frsize) for member in members) + len(members)
    if blocks > state.f_bavail:
        raise DiskFullError("BOOT has no room for a second system: delete what you put there")


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    target = folder / PurePosixPath(member.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None, "it is a file"
    with source, target.open("xb") as copy:
        shutil.copyfileobj(source, copy)


def _line(tar: tarfile.TarFile) -> str:
    stream = tar.extractfile(systems.COMMAND_LINE)
    assert stream is not None, "it is a file"
    try:
        return stream.read(LARGEST_LINE).decode("ascii")
    except UnicodeDecodeError as error:
        raise InputError("the bundle's command line is no text") from error
