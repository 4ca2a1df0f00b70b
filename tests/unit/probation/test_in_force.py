# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest

from appliance.probation import in_force, keeping
from appliance.probation.in_force import InForce, ProbationPlaces
from appliance.probation.policy import KeptNetwork, Tables, TrialProgress
from appliance.reports.probation import TrialEnd

HOME: Tables = {"wired": {"addresses": ["192.168.88.5/24"]}, "system": {"hostname": "box"}}
AWAY: Tables = {"wired": {"addresses": ["10.9.9.9/24"]}, "system": {"hostname": "away"}}


@pytest.fixture
def places(tmp_path: Path) -> ProbationPlaces:
    made = ProbationPlaces(tmp_path / "kept", tmp_path / "ours", tmp_path / "run")
    for folder in (made.kept, made.ours, made.run):
        folder.mkdir()
    return made


def choose(places: ProbationPlaces, tables: Tables, last: Tables, text: str = "a") -> InForce:
    def keep(content: bytes) -> bool:
        places.record.write_bytes(content)
        return True

    return in_force.choose(tables, last, text, places, keep)


def test_an_image_of_before_had_settings_that_worked(places: ProbationPlaces) -> None:
    assert choose(places, HOME, last=HOME).tables == HOME
    # Nothing is written to the card where nothing changed.
    assert not places.record.exists() and not places.on_trial.exists()


def test_what_is_new_is_on_trial_and_gives_way(places: ProbationPlaces) -> None:
    assert choose(places, AWAY, last=HOME).tables == AWAY
    trial = keeping.read_on_trial(places.on_trial)
    assert trial is not None and trial.wired
    places.on_trial.unlink()
    keeping.write_progress(TrialProgress(trial.attempt, 600.0, TrialEnd.FAILED), places.progress)
    found = choose(places, AWAY, last=AWAY)
    assert found.tables == {"system": {"hostname": "away"}, "wired": HOME["wired"]}
    assert found.problems[0].startswith("[wired]: ") and len(found.problems[0]) < 400
    assert not places.on_trial.exists()


def test_what_cannot_be_kept_is_not_tried(places: ProbationPlaces) -> None:
    found = in_force.choose(AWAY, HOME, "a", places, lambda record: False)
    assert found == InForce(AWAY)
    assert not places.on_trial.exists()


def test_a_damaged_record_is_as_good_as_none(places: ProbationPlaces) -> None:
    places.record.write_bytes(b"\0" * 4096)
    assert choose(places, HOME, last=HOME) == InForce(HOME)
    choose(places, AWAY, last=HOME)
    found = keeping.read_record(places.record)
    assert found is not None and found.good == {"wired": HOME["wired"]}
    assert isinstance(found, KeptNetwork) and found.attempt is not None
