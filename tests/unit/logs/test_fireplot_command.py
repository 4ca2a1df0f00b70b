# SPDX-License-Identifier: MIT
"""`glovebox fireplot` as it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.logs.fireplot_command import main
from appliance.logs.recorder import Recorder
from appliance.settings import config
from appliance.settings.config import Config
from appliance.settings.sections.system import SystemConfig
from tests.unit.logs.conftest import NOON
from tests.unit.logs.test_day_view import packet


@pytest.fixture
def places(recorder: Recorder) -> list[str]:
    # The command takes the days of the settings' zone, which is UTC.
    recorder.packet(NOON, packet(22))
    recorder.save(NOON)
    return ["--folder", str(recorder.folder), "--parts", str(recorder.parts)]


def test_draws_a_day(places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "day.svg"
    assert main(["--day", "2026-11-27", "-o", str(file), *places]) == 0
    assert file.read_text().startswith("<svg ") and ", 1 attempt<" in file.read_text()
    assert "2026-11-27: 1 attempt: 1 by TCP" in capsys.readouterr().err
    assert main(["--day", "2026-11-27", *places]) == 0
    assert capsys.readouterr().out == file.read_text()


def test_a_day_that_a_zone_left_out_is_none(
    places: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    samoa = Config(system=SystemConfig(timezone="Pacific/Apia"))
    monkeypatch.setattr(config, "load", lambda: (samoa, []))
    with pytest.raises(InputError):
        main(["--day", "2011-12-30", *places])


def test_a_day_of_nothing_is_drawn_and_told(places: list[str]) -> None:
    assert main(["--day", "2026-11-28", *places]) == 1
    assert main(places) == 1


@pytest.mark.parametrize(
    "more",
    [
        ["--day", "yesterday"],
        ["--day", "9999-12-31"],
        ["--day", "0001-01-01"],
        ["--day", "2026-11-27", "-o", "/no/a.svg"],
    ],
)
def test_what_cannot_be_is_told(places: list[str], more: list[str]) -> None:
    with pytest.raises(InputError):
        main([*more, *places])
