# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest

from appliance.films import survey
from appliance.service import Stop


def put(place: Path, *names: str) -> None:
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).touch()


def test_survey_counts_what_minidlna_would_read(tmp_path: Path) -> None:
    put(tmp_path, "Top.avi", "Top.srt", "Series/One/1.mkv", "Series/2.mp3", ".hidden/3.avi")
    (tmp_path / "link.avi").symlink_to("Top.avi")
    found = survey.survey(tmp_path, "/films/FILME", Stop())
    assert found.count == 3 and not found.has_deleted
    assert list(found.media) == ["Top.avi"] and found.others == ["Top.srt"]
    assert [each.name for each in found.folders] == ["Series"]
    assert found.cost == sum(found.media.values()) + found.folders[0].cost


def test_survey_leaves_out_what_was_deleted(tmp_path: Path) -> None:
    put(tmp_path, "Top.avi", "$RECYCLE.BIN/S-1-5/Gone.avi", "Series/FOUND.000/Mine.avi")
    found = survey.survey(tmp_path, "/films/FILME", Stop())
    assert found.has_deleted and found.count == 2


def test_survey_need_not_hide_what_holds_no_films(tmp_path: Path) -> None:
    put(tmp_path, "Top.avi", "System Volume Information/WPSettings.dat")
    assert not survey.survey(tmp_path, "/films/FILME", Stop()).has_deleted


def test_survey_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, *(f"{number}/film.avi" for number in range(9)), "/".join("d" * 9) + "/deep.avi")
    monkeypatch.setattr(survey, "MOST_FILES", 4)
    monkeypatch.setattr(survey, "DEEPEST", 3)
    assert survey.survey(tmp_path, "/films", Stop()).count == 4
    stopped = Stop()
    stopped.set()
    assert survey.survey(tmp_path, "/films", stopped).count == 0
    assert survey.survey(tmp_path / "missing", "/films", Stop()).count == 0
