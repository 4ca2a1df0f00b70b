# SPDX-License-Identifier: MIT
"""The service: what the page asks is done, and the rest is left to rounds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.renewal import service
from appliance.renewal.wishes import RenewalWish, RenewalWishKind, inbox
from appliance.reports.rules import RenewalReport
from appliance.ruleset import chosen_sets
from tests.conftest import PROJECT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("rule-sets", "downloads", "wishes", "doors", "root", "spool"):
        (tmp_path / name).mkdir()
    return tmp_path


def run(folder: Path, engine: str = "suricata") -> RenewalReport | None:
    (folder / "glovebox.toml").write_text(f'[ids]\nengine = "{engine}"\n[capture]\n')
    places = {
        "folder": "rule-sets", "downloads": "downloads", "wishes": "wishes", "doors": "doors",
        "root": "root", "spool": "spool", "trial": "on-trial",
    }  # fmt: skip
    named = [f"--{option}={folder / name}" for option, name in places.items()]
    subprocess.run(
        [sys.executable, "-m", "appliance.cli", "renewal", "--user=64990",
         f"--templates={PROJECT / 'config'}", *named],
        env=os.environ | {"GLOVEBOX_RUNTIME_DIRECTORY": str(folder),
                          "GLOVEBOX_CONFIG": str(folder / "glovebox.toml")},
        cwd=PROJECT, check=True,
    )  # fmt: skip
    return RenewalReport.read(folder)


@pytest.mark.slow
def test_a_choice_of_the_page_is_kept_and_what_fetches_starts_anew(folder: Path) -> None:
    inbox(folder / "wishes").post(RenewalWish(RenewalWishKind.CHOOSE, "et-open"))
    inbox(folder / "wishes").post(RenewalWish(RenewalWishKind.CHOOSE, "no such set"))
    report = run(folder)
    assert report and [each.name for each in report.sets] == ["et-open"] and report.sets[0].page
    assert chosen_sets.read(folder / "rule-sets") == ("et-open",)
    assert [file.name for file in (folder / "doors").iterdir()] == ["glovebox-fetch"]
    assert not list((folder / "wishes").iterdir())


@pytest.mark.slow
def test_a_download_that_is_none_is_told(folder: Path) -> None:
    chosen_sets.choose(folder / "rule-sets", "et-open", True)
    (folder / "downloads/et-open").write_bytes(b"<html>")
    report = run(folder)
    assert report and report.sets[0].trouble == "it is a web page" and report.in_force == ""


def test_a_sensor_without_an_engine_has_nothing_to_do(folder: Path) -> None:
    assert run(folder, "none") is None


def test_somebody_on_a_terminal_asks_how_it_stands_and_to_go_back(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert service.main(["state", "--wishes", str(folder / "wishes")]) == 0
    assert "Nothing is known" in capsys.readouterr().out
    assert service.main(["back", "--wishes", str(folder / "wishes")]) == 0
    assert inbox(folder / "wishes").take() == [RenewalWish(RenewalWishKind.BACK)]


def test_what_the_engine_of_another_image_took_is_gone(folder: Path) -> None:
    (folder / "rule-sets/snort-00000000/g-1").mkdir(parents=True)
    assert run(folder)
    (made,) = [each.name for each in (folder / "rule-sets").iterdir() if each.is_dir()]
    assert made.startswith("suricata-")
