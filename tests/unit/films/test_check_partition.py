# SPDX-License-Identifier: MIT
"""Whether MEDIA was closed cleanly, and its repair by the real fsck.exfat."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.errors import GloveboxError
from appliance.films import check_partition
from appliance.films.check_partition import FLAGS_AT, SECTOR, VOLUME_DIRTY, check, is_dirty
from appliance.reports import statusfile
from appliance.reports.films import Condition
from tests.conftest import missing

CLEAN = b"\xeb\x76\x90EXFAT   " + bytes(SECTOR - 11)


def dirty(sector: bytes, flags: int = VOLUME_DIRTY) -> bytes:
    return sector[:FLAGS_AT] + flags.to_bytes(2, "little") + sector[FLAGS_AT + 2 :]


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """Return a file that holds a clean exFAT file system."""
    if not shutil.which("mkfs.exfat"):
        missing("no exfatprogs")
    device = tmp_path / "card.img"
    with device.open("wb") as stream:
        stream.truncate(16 << 20)
    subprocess.run(["mkfs.exfat", str(device)], check=True, capture_output=True)
    return device


def soil(device: Path, at: int = 0) -> None:
    """Mark a file system as one that was being written when the power went."""
    with device.open("r+b") as stream:
        stream.seek(at)
        sector = stream.read(SECTOR)
        stream.seek(at)
        stream.write(dirty(sector))


@pytest.mark.parametrize(
    ("sector", "expected"),
    [
        (CLEAN, False),
        (dirty(CLEAN), True),
        (dirty(CLEAN, 0x4), True),
        (dirty(CLEAN, 0x1), False),
        (dirty(CLEAN)[:-1], False),
        (dirty(CLEAN).replace(b"EXFAT   ", b"NTFS    "), False),
        (b"", False),
    ],
    ids=["clean", "dirty", "failure", "second FAT", "short", "NTFS", "empty"],
)
def test_is_dirty_goes_by_the_first_sector(sector: bytes, expected: bool) -> None:
    assert is_dirty(sector) is expected


def test_check_leaves_alone_what_is_clean(card: Path, tmp_path: Path) -> None:
    assert check(card, ["/nonexistent"], tmp_path) is Condition.CLEAN
    assert statusfile.read("films-check", tmp_path) is None


def test_check_repairs_what_is_dirty(card: Path, tmp_path: Path) -> None:
    soil(card)
    assert check(card, runtime=tmp_path) is Condition.REPAIRED
    assert not is_dirty(card.read_bytes()[:SECTOR])
    assert statusfile.read("films-check", tmp_path) == {"condition": "checking"}


def test_check_says_what_it_cannot_repair(card: Path, tmp_path: Path) -> None:
    soil(card)
    content = bytearray(card.read_bytes())
    # The root directory and all else behind the FAT.
    heap = int.from_bytes(content[88:92], "little") * SECTOR
    content[heap:] = b"\xa5" * (len(content) - heap)
    card.write_bytes(content)
    assert check(card, runtime=tmp_path) is Condition.DAMAGED


@pytest.mark.parametrize("program", [["/nonexistent"], ["false"], ["true"]])
def test_check_trusts_no_program_that_failed_or_did_nothing(
    program: list[str], tmp_path: Path
) -> None:
    device = tmp_path / "device"
    device.write_bytes(dirty(CLEAN))
    # `false` ends as fsck does that repaired something, but the mark is still there.
    assert check(device, program, tmp_path) is Condition.DAMAGED


def test_check_ends_one_that_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = tmp_path / "device"
    device.write_bytes(dirty(CLEAN))
    monkeypatch.setattr(check_partition, "SECONDS", 0.1)
    assert check(device, ["sh", "-c", "exec sleep 60"], tmp_path) is Condition.DAMAGED


def test_check_of_no_device(tmp_path: Path) -> None:
    with pytest.raises(GloveboxError, match="nothing: No such file"):
        check(tmp_path / "nothing", runtime=tmp_path)
