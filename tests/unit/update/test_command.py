# SPDX-License-Identifier: MIT
"""`glovebox update` as it is called; what it does to a machine is tried with one (tests/image)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from appliance.errors import GloveboxError
from appliance.host.systems import A, B, System
from appliance.settings import boot_open
from appliance.update import command, switch
from appliance.update.systems_here import UpdatePlaces, look
from tests.unit.update.card_made_here import card


@pytest.mark.parametrize(
    ("whole", "running", "told"),
    [
        ((A,), A, "System a runs and is kept; b is empty."),
        ((A, B), A, "System a runs and is kept; b is there too."),
        ((A, B), B, "System b is on trial; the next start is a again."),
    ],
)
def test_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    whole: tuple[System, ...], running: System, told: str,
) -> None:  # fmt: skip
    places = card(tmp_path, *whole, running=running)
    monkeypatch.setattr(command, "UpdatePlaces", lambda: places)
    assert command.main(["status"]) == 0
    assert capsys.readouterr().out == f"{told}\n"
    assert command.main(["status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sentence"] == told
    assert found["whole"] == [each.name for each in whole]


def test_on_trial_nothing_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = card(tmp_path, A, B, running=B)
    monkeypatch.setattr(command, "UpdatePlaces", lambda: places)
    with pytest.raises(GloveboxError, match="on trial"):
        command.main(["install", "x.raucb"])


def test_what_rauc_says_no_to_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unit is stopped all the same."""
    places, ran = card(tmp_path, A), list[str]()

    def run(argv: list[object], check: bool) -> None:
        ran.append(" ".join(map(str, argv)))
        if argv[0] == "rauc":
            raise subprocess.CalledProcessError(1, [str(word) for word in argv])

    monkeypatch.setattr(command, "UpdatePlaces", lambda: places)
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(GloveboxError, match="rauc ended with status 1"):
        command.main(["install", "/x.raucb"])
    assert ran == [
        f"systemctl start {command.UNIT}", "rauc install /x.raucb",
        f"systemctl stop {command.UNIT}",
    ]  # fmt: skip


def test_keep_opens_boot_and_closes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    places, seen = card(tmp_path, A, B, running=B), list[bool]()
    monkeypatch.setattr(command, "UpdatePlaces", lambda: places)
    monkeypatch.setattr(boot_open, "switch", lambda boot, writable: seen.append(writable))
    assert command.main(["keep"]) == 0
    assert seen == [True, False]
    assert look(places).kept == B and "System b is kept" in capsys.readouterr().out


def test_a_card_that_takes_no_writes_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(places: UpdatePlaces) -> None:
        raise OSError(30, "Read-only file system", "/boot/firmware/config.txt")

    monkeypatch.setattr(boot_open, "switch", lambda boot, writable: True)
    monkeypatch.setattr(switch, "keep", refused)
    with pytest.raises(GloveboxError, match="config.txt: Read-only"):
        command.main(["keep"])
