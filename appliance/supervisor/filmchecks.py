# SPDX-License-Identifier: MIT
"""Judgements of the films: the server answers, and what is plugged in can be read. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from appliance import words
from appliance.reports.films import Condition, Drive
from appliance.reports.levels import Level, Result, fail, ok, unknown, warn
from appliance.supervisor import units
from appliance.supervisor.check import Check
from appliance.supervisor.history import KEPT_S, History
from appliance.supervisor.observations import Observations, Unknown, known
from appliance.supervisor.servicechecks import RESTARTED, service

# systemd opens a drive within a second; a slow one may take a few.
OPENING_S = 10.0
# For so long it may be busy; a restart, which ends every film that plays, waits longer.
SILENT_S, HANGING_S = 8.0, 15.0
READ = "Films are read from FAT, exFAT, NTFS and ext4."
UNREADABLE = f"Look at it with a PC: its file system may be damaged, or of another kind. {READ}"
FULL = "The list of films is full: take a drive away, or files that nobody plays, such as pictures."
ELSEWHERE = f"{READ} Copy them to a drive with one of these."
# What is not read here, by udev's names (blkid(8)).
KINDS = {
    "hfs": "an old Apple file system (HFS)",
    "hfsplus": "an Apple file system (HFS+)",
    "apfs": "an Apple file system (APFS)",
    "btrfs": "a Linux file system that is not read here (Btrfs)",
    "xfs": "a Linux file system that is not read here (XFS)",
    "f2fs": "a Linux file system that is not read here (F2FS)",
    "zfs_member": "a part of a ZFS pool",
    "LVM2_member": "a part of a Linux volume group (LVM)",
    "linux_raid_member": "a part of a Linux RAID",
    "isw_raid_member": "a part of an Intel RAID",
    "ddf_raid_member": "a part of a hardware RAID",
    "crypto_LUKS": "encrypted data (LUKS)",
    "BitLocker": "encrypted data (BitLocker)",
    "ReFS": "a Windows file system that is not read here (ReFS)",
    "iso9660": "the image of a CD (ISO 9660)",
    "udf": "the file system of a DVD (UDF)",
    "cs_fvault2": "encrypted data of an Apple computer (FileVault)",
    "LVM1_member": "a part of a Linux volume group (LVM)",
    "lsi_mega_raid_member": "a part of a hardware RAID",
    "adaptec_raid_member": "a part of a hardware RAID",
    "VMFS_volume_member": "a part of a store of virtual machines (VMFS)",
    "VMFS": "a store of virtual machines (VMFS)",
    "bcache": "a part of a Linux cache of disks (bcache)",
    "bcachefs": "a Linux file system that is not read here (bcachefs)",
    "jfs": "a Linux file system that is not read here (JFS)",
    "nilfs2": "a Linux file system that is not read here (NILFS)",
    "reiserfs": "a Linux file system that is not read here (ReiserFS)",
    "reiser4": "a Linux file system that is not read here (Reiser4)",
    "squashfs": "a packed file system of a Linux program (SquashFS)",
    "ufs": "a BSD file system that is not read here (UFS)",
    "hpfs": "an OS/2 file system (HPFS)",
}
# As libblkid calls the parts of whatever makes one disk of several.
PARTS = (("_raid_member", "a part of a RAID"), ("_member", "a part of a set of disks"))

KEEP_POWER = "Do not pull the power: what is being copied may be damaged. The page can close it."


def media(history: History) -> Result | None:
    """Judge whether films are served, where this machine does that."""
    if not known(history.now.settings).films:
        return None
    found = service(history, units.MEDIA, "The media server")
    if found is None or found.level is not Level.OK:
        return found
    library = history.now.media
    if isinstance(library, Unknown):
        text = f"The media server does not answer: {library.reason}."
        if not _is_silent(history, SILENT_S):
            return unknown(text)
        return fail(text, RESTARTED, units.MEDIA if _is_silent(history, HANGING_S) else None)
    more = " and looks for more" if library.scanning else ""
    if not (library.video or library.audio or library.images):
        return ok(f"The media server has found no films{more or ' yet'}.")
    return ok(
        f"The media server has {library.video:,} films, {library.audio:,} songs and"
        f" {library.images:,} pictures{more}; it is sending {library.streams:,} of them."
    )


def _is_silent(history: History, seconds: float) -> bool:
    """Tell whether it has not answered for so long."""
    return history.ago(seconds) is not None and all(
        isinstance(look.media, Unknown) for look in history.during(seconds)
    )


def drives(history: History) -> Result | None:
    """Judge the sticks and disks: each that is plugged in can be read; tell who was pulled out."""
    if not known(history.now.settings).films:
        return None
    plugged = known(history.now.drives)
    closed = _closed(history)
    if closed:
        return warn(*_complaint(closed))
    partly = [each for each in plugged if each.listed is not None and each.listed != each.total]
    if partly:
        told = (f"{each.name}: {each.listed:,} of {each.total:,} files listed." for each in partly)
        return warn(" ".join(told), FULL)
    sentences = [f"{each.name} is plugged in." for each in plugged]
    sentences += [
        f"{name} was pulled out {words.duration(age)} ago; what played from it has ended."
        for name, age in _pulled(history)
    ]
    return ok(" ".join(sentences)) if sentences else None


def _closed(history: History) -> list[Drive]:
    """Return the drives that have been plugged in for a while and are not open."""
    before = history.ago(OPENING_S)
    if before is None or isinstance(before.drives, Unknown):
        return []
    waiting = {each.device for each in before.drives if not each.mounted}
    return [
        each for each in known(history.now.drives) if not each.mounted and each.device in waiting
    ]


def _complaint(closed: Sequence[Drive]) -> tuple[str, str]:
    """Say what cannot be opened, and what is not read here; and what to do."""
    broken = [_describe(each) for each in closed if not _held(each)]
    told = [f"{words.listed(broken)} cannot be opened."] if broken else []
    others = [each for each in closed if _held(each)]
    told += [f"{_describe(each)} holds {_held(each)}." for each in others]
    return " ".join(told), UNREADABLE if broken else ELSEWHERE


def _held(drive: Drive) -> str:
    """Return what a drive is that is not read here; empty for one that should be read."""
    parts = (part for end, part in PARTS if drive.kind.endswith(end))
    return KINDS.get(drive.kind) or next(parts, "")


def _describe(drive: Drive) -> str:
    kind = "" if _held(drive) else f", {drive.kind or 'an unknown file system'}"
    return f"{drive.name} ({drive.device}, {words.mebibytes(drive.size)}{kind})"


def _pulled(history: History) -> list[tuple[str, float]]:
    """Return the names of what was plugged in and is not any more, and for how long (s)."""
    present = {each.name for each in known(history.now.drives)}
    gone: dict[str, float] = {}
    after = history.now.boottime
    for look in history.during(KEPT_S):
        for name in _names(look) - present - gone.keys():
            gone[name] = history.now.boottime - after
        after = look.boottime
    return sorted(gone.items(), key=lambda item: item[1])


def _names(look: Observations) -> set[str]:
    return set() if isinstance(look.drives, Unknown) else {each.name for each in look.drives}


def partition(history: History) -> Result | None:
    """Judge the card's own partition for films: whole, and nobody writes to it."""
    found = known(history.now.partition)
    if found.writable:
        minutes = found.copying and found.copying.minutes(history.now.time)
        left = "" if minutes is None else f" for {minutes} more min"
        return warn(f"MEDIA is open for copying films{left}.", KEEP_POWER)
    if found.condition is Condition.CHECKING:
        return ok("MEDIA was not closed cleanly, and is being checked.")
    if found.condition is Condition.DAMAGED:
        return warn(
            "MEDIA was not closed cleanly, and could not be repaired.",
            "What can be read is played. Put the card into a PC and check it there.",
        )
    if found.condition is Condition.REPAIRED:
        return ok("MEDIA was not closed cleanly, and has been repaired.")
    return None


# fmt: off
CHECKS = (
    Check("media", "the media server", 4, ("units", "media", "settings"), media),
    Check("drives", "sticks and disks", 4, ("drives", "settings"), drives),
    Check("partition", "the films on the card", 2, ("partition",), partition),
)
# fmt: on
