# SPDX-License-Identifier: MIT
"""The signature of a disk, against what sfdisk(8) writes and reads."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import pytest

from appliance.host import disksignature

TABLE = "label: dos\nlabel-id: 0x61f0b0e5\nsize=2048, type=c\nsize=4096, type=83\n"


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(8 << 20))
    subprocess.run(["sfdisk", "-q", disk], input=TABLE, text=True, check=True)
    return disk


def told(disk: Path) -> str:
    """Return the whole table as sfdisk tells it."""
    argv = ["sfdisk", "--dump", str(disk)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_read_is_what_sfdisk_wrote(disk: Path) -> None:
    with disk.open("rb") as stream:
        assert disksignature.read(stream) == disksignature.SHARED


@pytest.mark.slow
def test_write_changes_the_signature_and_nothing_else(disk: Path) -> None:
    before = told(disk)
    with disk.open("r+b") as stream:
        disksignature.write(stream, "00abcdef")
    assert told(disk) == before.replace("0x61f0b0e5", "0x00abcdef")
    assert disk.stat().st_size == 8 << 20


@pytest.mark.parametrize("content", [b"", b"\x55\xaa", bytes(512), bytes(4096)])
def test_a_disk_without_such_a_table_is_left_alone(content: bytes) -> None:
    stream = io.BytesIO(content)
    with pytest.raises(ValueError, match="partition table"):
        disksignature.write(stream, "00abcdef")
    assert stream.getvalue() == content


def test_random_is_another_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {disksignature.random() for _ in range(50)}
    assert len(found) > 45 and all(re.fullmatch("[0-9a-f]{8}", each) for each in found)
    drawn = iter([bytes(4), bytes.fromhex(disksignature.SHARED), bytes((0, 0, 0, 7))])
    monkeypatch.setattr("os.urandom", lambda size: next(drawn))
    assert disksignature.random() == "00000007"
