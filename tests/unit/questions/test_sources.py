# SPDX-License-Identifier: MIT
"""Which files are asked: of the time, and none that is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.flowstore.checked import CheckedFiles
from appliance.questions import sources
from appliance.questions.answers import UnansweredError
from tests.unit.flowstore.rows import MIDNIGHT
from tests.unit.questions.kept import keep


def test_files_of_a_time(tmp_path: Path) -> None:
    keep(tmp_path)
    none = CheckedFiles(tmp_path / "none.json")
    assert len(sources.find(0, 1 << 40, tmp_path, none).files) == 3
    found = sources.find(MIDNIGHT + 3600, MIDNIGHT + 7200, tmp_path, none)
    assert len(found.files) == 1 and found.remark() == ""


def test_a_damaged_file_is_left_out_and_told(tmp_path: Path) -> None:
    keep(tmp_path)
    second = sorted(tmp_path.glob("*.parquet"))[1]
    content = bytearray(second.read_bytes())
    content[100] ^= 1
    second.write_bytes(content)
    (tmp_path / "00000009-00000009_1_2_3_00000000.parquet.damaged").touch()
    found = sources.find(0, 1 << 40, tmp_path, CheckedFiles(tmp_path / "none.json"))
    assert second not in found.files and len(found.files) == 2
    assert found.remark().startswith("Without 2 damaged files")


def test_without_a_folder_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnansweredError, match="No flows are kept"):
        sources.find(0, 1, tmp_path / "none")
