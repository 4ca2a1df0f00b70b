# SPDX-License-Identifier: MIT
"""What is plugged in: USB sticks and disks, as udev knows them, and whether they could be opened.

systemd/udev/61-glovebox-drives.rules decides which devices these are and has systemd mount them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from appliance.host import mounts
from appliance.reports.films import Drive, read_listed
from appliance.reports.statusfile import RUNTIME_DIRECTORY

SYS = Path("/sys")
UDEV = Path("/run/udev/data")
PLACES = Path("/run/media")
# What the rules set for each device that they take for a stick or disk of the owner's.
MARK = "GLOVEBOX_DRIVE"
SECTOR = 512
LONGEST_NAME = 40
_ESCAPED = re.compile(rb"\\x([0-9a-fA-F]{2})")


def plugged(
    sys: Path = SYS,
    udev: Path = UDEV,
    mountinfo: Path = mounts.MOUNTINFO,
    runtime: Path = RUNTIME_DIRECTORY,
) -> tuple[Drive, ...]:
    """Return the drives, by the kernel's names. One that is pulled out meanwhile is left out."""
    mounted = mounts.read(mountinfo)
    counts = {each.device: (each.listed, each.total) for each in read_listed(runtime)}
    found = []
    for folder in sorted((sys / "class/block").iterdir()):
        try:
            known = properties(folder, udev)
            size = int((folder / "size").read_text()) * SECTOR
        except (OSError, ValueError):
            continue
        if MARK in known:
            device = folder.name
            kind = known.get("ID_FS_TYPE", "")
            is_open = PLACES / device in mounted
            count = counts.get(device, (None, None)) if is_open else (None, None)
            found.append(Drive(device, name(known, device), kind, size, is_open, *count))
    return tuple(found)


def properties(folder: Path, udev: Path = UDEV) -> Mapping[str, str]:
    """Return what udev knows of a block device, given its folder in sysfs. Raises OSError."""
    number = (folder / "dev").read_text().strip()
    text = (udev / f"b{number}").read_text(encoding="utf-8", errors="replace")
    pairs = (line[2:].partition("=") for line in text.splitlines() if line.startswith("E:"))
    return {key: value for key, _, value in pairs}


def name(known: Mapping[str, str], device: str) -> str:
    """Return what people may call a drive: its label, which whoever wrote the stick chose.

    The result is a file name: no slash, no control sign, no leading dot, never empty, short.
    """
    written = known.get("ID_FS_LABEL_ENC", "").encode("utf-8", errors="replace")
    raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), written)
    label = raw.decode("utf-8", errors="replace")
    printable = "".join(sign if sign.isprintable() and sign not in "/\\" else " " for sign in label)
    return " ".join(printable.split()).lstrip(". ")[:LONGEST_NAME].strip() or f"USB {device}"
