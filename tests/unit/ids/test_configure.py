# SPDX-License-Identifier: MIT
"""What `glovebox ids-config` writes, and what it says when it cannot."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from appliance import cli
from appliance.errors import InputError
from appliance.reports.checksums import ChecksumsReport, EngineChecksumsReport
from appliance.settings.config import Config
from appliance.settings.sections.ids import IdsConfig
from tests.conftest import PROJECT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an engine's root with one packaged rule."""
    made = tmp_path / "root"
    (made / "etc/snort/rules").mkdir(parents=True)
    (made / "etc/snort/classification.config").write_text(
        "config classification: misc-activity,Misc activity,3\n"
    )
    (made / "etc/snort/rules/web.rules").write_text('alert tcp a b -> c d (msg:"x"; sid:527;)\n')
    return made


@pytest.fixture
def owner(tmp_path: Path) -> Path:
    """Return the owner's folder, empty."""
    made = tmp_path / "owner"
    made.mkdir()
    return made


def run(tmp_path: Path, *options: str) -> int:
    return cli.main(
        ["ids-config", "--directory", str(tmp_path / "run"), "--templates", str(PROJECT / "config"),
         "--root", str(tmp_path / "root"), "--owner-rules", str(tmp_path / "owner"), *options]
    )  # fmt: skip


def test_main_writes_what_snort_starts_with(tmp_path: Path, root: Path, owner: Path) -> None:
    assert run(tmp_path) == 0
    written = tmp_path / "run"
    for name in ("snort.conf", "plain.conf", "start", "rules/local.rules", "rules/owner.rules"):
        assert stat.S_IMODE((written / name).stat().st_mode) == 0o644
    assert (written / "rules/owner.rules").read_text() == ""
    assert (written / "rules/local.rules").read_text() == (
        PROJECT / "config/snort/local.rules"
    ).read_text()
    assert "interface=tzsp0\n" in (written / "start").read_text()
    assert not list(written.rglob("*.new"))


@pytest.mark.slow
@pytest.mark.parametrize(("ignored", "mode"), [(False, "all"), (True, "none")])
def test_it_heeds_checksums_by_what_the_receiver_found(
    tmp_path: Path, root: Path, owner: Path, ignored: bool, mode: str
) -> None:
    ChecksumsReport(400, 399, ignored).publish(tmp_path)
    places = {"directory": "run", "root": "root", "owner-rules": "owner"}
    subprocess.run(
        [sys.executable, "-m", "appliance.cli", "ids-config", "--templates", PROJECT / "config",
         *(f"--{option}={tmp_path / name}" for option, name in places.items())],
        env=os.environ | {"GLOVEBOX_RUNTIME_DIRECTORY": str(tmp_path), "GLOVEBOX_CONFIG": ""},
        cwd=PROJECT, check=True, capture_output=True,
    )  # fmt: skip
    for name in ("snort.conf", "plain.conf"):
        assert f"config checksum_mode: {mode}\n" in (tmp_path / "run" / name).read_text()
    assert EngineChecksumsReport.read(tmp_path) == EngineChecksumsReport(ignored)


def test_main_takes_in_the_rules_of_the_owner(
    tmp_path: Path, root: Path, owner: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = 'alert tcp any any -> any any (msg:"mine"; sid:1001000;)'
    taken = 'alert tcp any any -> any any (msg:"taken"; sid:527;)'
    ours = 'alert tcp any any -> any any (msg:"ours"; sid:1000100;)'
    (owner / "my.rules").write_text(f"{good}\n{taken}\n{ours}\n")
    assert run(tmp_path) == 0
    assert (tmp_path / "run/rules/owner.rules").read_text() == f"# my.rules:1\n{good}\n"
    # There is no Snort in this root: what it thinks is asked when it starts.
    assert "tried=no\n" in (tmp_path / "run/start").read_text()
    assert "owner.rules" in (tmp_path / "run/snort.conf").read_text()
    assert "include /run/glovebox-ids/rules/owner" not in (tmp_path / "run/plain.conf").read_text()
    assert "my.rules:2: sid 527 is taken" in caplog.text
    assert "my.rules:3: sid 1000100" in caplog.text


def test_main_names_a_template_that_is_missing(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "--templates", str(tmp_path)) == InputError.exit_status
    assert capsys.readouterr().err.count("\n") == 1


def test_main_names_a_directory_that_cannot_be(
    tmp_path: Path, root: Path, owner: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(tmp_path, "--directory", str(tmp_path / "file")) == InputError.exit_status
    assert capsys.readouterr().err == (
        f"glovebox ids-config: {tmp_path}/file/rules: Not a directory\n"
    )


def test_main_names_a_user_that_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "--wait-listening", "--user", "no-such-user") == InputError.exit_status
    assert "no-such-user" in capsys.readouterr().err


def test_main_withdraws_the_start_where_no_engine_is_wanted(
    tmp_path: Path, root: Path, owner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(tmp_path) == 0
    assert (tmp_path / "run/start").exists()
    without = Config(ids=IdsConfig(engine="none"))
    monkeypatch.setattr("appliance.settings.config.load", lambda: (without, []))
    assert run(tmp_path) == 0
    assert not (tmp_path / "run/start").exists()


def test_listening_is_right_shell() -> None:
    subprocess.run(["sh", "-n", PROJECT / "config/ids/listening.sh"], check=True)
