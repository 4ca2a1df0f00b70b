# SPDX-License-Identifier: MIT
"""Status files: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.reports import statusfile


def test_publish_is_read_back(tmp_path: Path) -> None:
    statusfile.publish("receiver", {"frames": 1}, tmp_path)
    assert statusfile.read("receiver", tmp_path) == {"frames": 1}


def test_publish_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    for number in range(3):
        statusfile.publish("receiver", {"frames": number}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["receiver.json"]


def test_publish_keeps_the_old_file_where_the_new_one_cannot_be_made(tmp_path: Path) -> None:
    statusfile.publish("receiver", {"frames": 1}, tmp_path)
    with pytest.raises(TypeError):
        statusfile.publish("receiver", {"frames": object()}, tmp_path)
    assert statusfile.read("receiver", tmp_path) == {"frames": 1}


def test_publish_may_be_read_by_every_service(tmp_path: Path) -> None:
    statusfile.publish("receiver", {}, tmp_path)
    assert (tmp_path / "receiver.json").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("content", [None, "", "{", "[]", "\xff"])
def test_read_of_what_is_no_status(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "receiver.json").write_text(content, encoding="latin-1")
    assert statusfile.read("receiver", tmp_path) is None
