# SPDX-License-Identifier: MIT
"""What is known of MEDIA, from the mount table and from status files."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.films import partition
from appliance.films.partition import Partition
from appliance.reports.films import Condition, Copying, PartitionCheck

MOUNTED = "36 30 179:4 / /media/glovebox rw,nosuid shared:9 - exfat /dev/mmcblk0p4 {},uid=999\n"


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    file = tmp_path / "mountinfo"
    file.write_text("")
    return file


def test_look_where_nothing_is(tmp_path: Path, mounts: Path) -> None:
    assert partition.look(tmp_path, mounts) == Partition(None, None, None)


def test_look_reads_what_is_published(tmp_path: Path, mounts: Path) -> None:
    told = Copying(100.0, 90.5)
    told.publish(tmp_path)
    PartitionCheck(Condition.REPAIRED).publish(tmp_path)
    mounts.write_text(MOUNTED.format("rw"))
    assert partition.look(tmp_path, mounts) == Partition(True, told, Condition.REPAIRED)
