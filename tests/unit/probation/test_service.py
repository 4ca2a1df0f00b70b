# SPDX-License-Identifier: MIT
from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.errors import GloveboxError
from appliance.probation import evidence, keeping, service
from appliance.probation.evidence import Seen
from appliance.probation.keeping import OnTrial
from appliance.probation.policy import TrialProgress
from appliance.reports.probation import TrialEnd

FIXED = OnTrial("now", ("192.168.88.1",), wired=True, wifi=False)
CABLE = Seen(cable=True)


def test_a_trial_counts_only_what_can_reach_somebody() -> None:
    trial = service.NetworkTrial(FIXED, 0.0, now=100.0, limit=6.0)
    trial.look(Seen(), 102.0)
    assert trial.report().left == 6.0
    trial.look(CABLE, 104.0)
    assert trial.report().left == 4.0
    # However long nobody looked: that it was like this meanwhile nobody knows.
    trial.look(CABLE, 1104.0)
    assert trial.progress == TrialProgress("now", 6.0, TrialEnd.FAILED)


def test_a_trial_goes_on_where_the_power_was_cut() -> None:
    trial = service.NetworkTrial(FIXED, 599.0, now=0.0, limit=600.0)
    trial.look(CABLE, 1.0)
    assert trial.report().verdict is TrialEnd.FAILED


def test_proof_goes_before_the_end_of_time() -> None:
    trial = service.NetworkTrial(FIXED, 600.0, now=0.0, limit=600.0)
    trial.look(Seen(cable=True, visited=True), 2.0)
    report = trial.report()
    assert report.verdict is TrialEnd.WORKS
    assert report.sentence == "The new network settings work: the page was opened."


@pytest.fixture
def arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(service, "LOOK_S", 0.01)
    (tmp_path / "door").mkdir()
    keeping.write_on_trial(FIXED, tmp_path / "trial")
    return [
        "--on-trial", str(tmp_path / "trial"), "--progress", str(tmp_path / "progress"),
        "--door", str(tmp_path / "door"), "--seconds", "0.02",
    ]  # fmt: skip


def test_nothing_is_asked_for_without_a_trial(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "trial").unlink()
    assert service.main(arguments) == 0
    assert not (tmp_path / "progress").exists() and not any((tmp_path / "door").iterdir())


def test_what_failed_is_kept_and_then_asked_for(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "look", lambda trial: CABLE)
    assert service.main(arguments) == 0
    found = json.loads((tmp_path / "progress").read_text())
    assert (found["attempt"], found["verdict"]) == ("now", "failed")
    assert [each.name for each in (tmp_path / "door").iterdir()] == ["come-back"]


def test_what_works_is_kept_and_nothing_asked_for(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "look", lambda trial: Seen(gateways=("192.168.88.1",)))
    assert service.main(arguments) == 0
    assert json.loads((tmp_path / "progress").read_text())["verdict"] == "works"
    assert not any((tmp_path / "door").iterdir())


def test_an_end_that_cannot_be_kept_is_asked_of_nobody(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "look", lambda trial: CABLE)
    arguments[3] = str(tmp_path / "missing" / "progress")
    with pytest.raises(GloveboxError, match="cannot be kept"):
        service.main(arguments)
    assert not any((tmp_path / "door").iterdir())
