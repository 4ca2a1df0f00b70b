# SPDX-License-Identifier: MIT
"""Our own files as a tar that is laid over the root: owned by root, modes from the checkout."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from image.build.cache import walk

PACKAGES = "usr/lib/python3/dist-packages"

# Folder of the project → where its content stands on the device.
PLACES = (
    ("image/overlay", ""),
    ("systemd/system", "usr/lib/systemd/system"),
    ("systemd/system.conf.d", "usr/lib/systemd/system.conf.d"),
    ("systemd/system-preset", "usr/lib/systemd/system-preset"),
    ("systemd/network", "usr/lib/systemd/network"),
    ("systemd/sysusers.d", "usr/lib/sysusers.d"),
    ("systemd/tmpfiles.d", "usr/lib/tmpfiles.d"),
    ("systemd/sysctl.d", "usr/lib/sysctl.d"),
    ("systemd/resolved.conf.d", "usr/lib/systemd/resolved.conf.d"),
    ("systemd/udev", "usr/lib/udev/rules.d"),
    ("systemd/journald.conf.d", "usr/lib/systemd/journald.conf.d"),
    ("config", "usr/share/glovebox"),
    ("appliance", f"{PACKAGES}/appliance"),
)


def sources(project: Path, board: str) -> list[tuple[Path, str]]:
    """Return (folder, place on the device) for all that the project puts into a board's root."""
    places = [*PLACES, (f"image/boards/{board}/overlay", "")]
    return [(project / folder, place) for folder, place in places if (project / folder).is_dir()]


def write(target: Path, places: Sequence[tuple[Path, str]], mtime: int) -> None:
    """Write the folders of `places` as one tar; the host's owners and umask leave no trace."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        made: set[str] = set()
        for source, place in _files(places):
            _add_folders(tar, place, made, mtime)
            _add(tar, source, place, mtime)


def _files(places: Sequence[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    for folder, place in places:
        for file in sorted(walk(folder)):
            yield file, os.path.join(place, file.relative_to(folder))


def _add_folders(tar: tarfile.TarFile, place: str, made: set[str], mtime: int) -> None:
    for parent in reversed(Path(place).parents[:-1]):
        if str(parent) not in made:
            made.add(str(parent))
            member = tarfile.TarInfo(str(parent))
            member.type, member.mode, member.mtime = tarfile.DIRTYPE, 0o755, mtime
            tar.addfile(member)


def _add(tar: tarfile.TarFile, source: Path, place: str, mtime: int) -> None:
    member = tarfile.TarInfo(place)
    member.mtime = mtime
    if source.is_symlink():
        member.type, member.linkname = tarfile.SYMTYPE, os.readlink(source)
        tar.addfile(member)
        return
    content = source.read_bytes()
    member.size = len(content)
    member.mode = 0o755 if os.access(source, os.X_OK) else 0o644
    tar.addfile(member, io.BytesIO(content))
