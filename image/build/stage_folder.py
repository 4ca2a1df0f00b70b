# SPDX-License-Identifier: MIT
"""Where a build keeps its stages: below its own folder, or where all who take part can enter.

Parts of a plain user's build run as users of a namespace, who are others to the host: unshare in
mmdebstrap(1). And Debian 13 and Ubuntu close a new user's home directory to others.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from appliance.errors import InputError

# Not /tmp: that is memory on some, and emptied at each start.
OUTSIDE = Path("/var/tmp")  # noqa: S108  (who owns the folder is looked at)


def stage_folder(folder: Path, plain: bool | None = None, outside: Path = OUTSIDE) -> Path:
    """Make and return the folder of the stages of the build in `folder`, by a `plain` user or root.

    Where others cannot enter `folder`, it is one of the user's own in `outside`, and `folder/cache`
    leads there. Raises InputError where neither can be had.
    """
    plain = os.geteuid() != 0 if plain is None else plain
    below = folder / "cache"
    closed = closed_to_others(folder) if plain else None
    if closed is None and not below.is_symlink():
        below.mkdir(parents=True, exist_ok=True)
        return below
    if below.is_dir() and not below.is_symlink() and any(below.iterdir()):
        raise InputError(
            f"{closed} is closed to others, and a plain user's build runs partly as others:"
            f" `chmod o+x {closed}`, or `./build.sh clean`: the next build then keeps its stages"
            f" in {outside}"
        )
    return _outside(folder, below, outside)


def closed_to_others(folder: Path) -> Path | None:
    """Return the folder on the way to `folder` that others cannot enter, None where none is."""
    for each in (folder, *folder.parents):
        if each.exists() and not each.stat().st_mode & stat.S_IXOTH:
            return each
    return None


def _outside(folder: Path, below: Path, outside: Path) -> Path:
    user = os.geteuid()
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
    place = outside / f"glovebox-{user}-{name}"
    place.mkdir(mode=0o755, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o022:
        raise InputError(f"{place} belongs to somebody else: remove it, or build as its owner")
    stages = place / "cache"
    stages.mkdir(exist_ok=True)
    if not below.is_symlink() or below.readlink() != stages:
        if below.is_dir() and not below.is_symlink():
            below.rmdir()
        below.unlink(missing_ok=True)
        below.parent.mkdir(parents=True, exist_ok=True)
        below.symlink_to(stages)
    return stages
