# SPDX-License-Identifier: MIT
"""The service that fetches: what is chosen, and nothing else."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.formats.list_sources import ListSource, shown
from appliance.intel.download import AccessKey
from appliance.intel.fetch_command import UNSET, Fetcher, keys_of
from appliance.intel.fetched_lists import FetchedList
from appliance.intel.otx.pulse_feed import PulseFeed
from appliance.reports.fetch import FetchReport
from appliance.ruleset import chosen_sets
from appliance.settings.sections.intel import IntelConfig
from tests.unit.intel.bad_server import GOOD, certificate, playing
from tests.unit.intel.otx.played_otx import KEY, PlayedOtx, playing_otx, pulse

DEADLINE_S = 30.0
NOW = 1_795_777_200.0


def begin(folder: Path, settings: str, *more: str) -> subprocess.Popen[bytes]:
    (folder / "glovebox.toml").write_text(settings)
    argv = [sys.executable, "-m", "appliance.cli", "fetch", "--folder", str(folder / "fetched")]
    run = {"GLOVEBOX_RUNTIME_DIRECTORY": str(folder)}
    run["GLOVEBOX_CONFIG"] = str(folder / "glovebox.toml")
    if (folder / "notes").exists():
        run["NOTIFY_SOCKET"] = str(folder / "notes")
    return subprocess.Popen([*argv, *more], env=os.environ | run)


@pytest.mark.slow
def test_without_a_source_nothing_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "fetched").mkdir()
    (tmp_path / "fetched/old").touch()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notes:
        notes.bind(str(tmp_path / "notes"))
        notes.settimeout(DEADLINE_S)
        with begin(tmp_path, "") as process:
            assert process.wait(DEADLINE_S) == 0
        # A service of the type notify that ends before has failed (systemd.service(5)).
        assert b"READY=1" in notes.recv(4096)
    assert not [each for each in (tmp_path / "fetched").rglob("*") if each.is_file()]
    report = FetchReport.require(tmp_path)
    assert report.sources == ()


def test_a_list_that_is_chosen_is_fetched(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    (tmp_path / "fetched").mkdir()
    with playing(*made) as server:
        found = FetchedList(ListSource("mine", f"{server}/good", ""), tmp_path / "fetched", zero)
        found.begin(NOW)
        fetcher = Fetcher([found], [], ssl.create_default_context(cafile=made[0]), earliest=0)
        fetcher.turn(NOW)
        assert (tmp_path / "fetched/mine").read_bytes() == GOOD
        due = found.due
        # It is not due again.
        fetcher.turn(NOW + 1)
        assert found.due == due and fetcher.report().sources[0].answered == NOW


@pytest.mark.slow
def test_a_rule_set_that_is_chosen_on_the_page_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "fetched").mkdir()
    (tmp_path / "rule-sets").mkdir()
    chosen_sets.choose(tmp_path / "rule-sets", "et-open", True)
    settings = '[ids]\nengine = "suricata"\n'
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notes:
        notes.bind(str(tmp_path / "notes"))
        notes.settimeout(DEADLINE_S)
        with begin(tmp_path, settings, "--rule-sets", str(tmp_path / "rule-sets")) as process:
            assert b"READY=1" in notes.recv(4096)
            process.terminate()
    (found,) = FetchReport.require(tmp_path).rule_sets
    assert found.name == "et-open" and "suricata" in found.url


def test_with_a_clock_that_is_not_set_nothing_is_asked_for(tmp_path: Path) -> None:
    found = FetchedList(ListSource("mine", "https://127.0.0.1:9/", ""), tmp_path, lambda: 1.0)
    found.begin(0.0)
    fetcher = Fetcher([found], [], ssl.create_default_context(), earliest=NOW)
    fetcher.turn(1000.0)
    assert found.trouble == UNSET and found.failures == 0
    # When it is set, it is a matter of a minute and a half.
    fetcher.turn(NOW)
    assert found.trouble == "" and NOW < found.due <= NOW + 90


@pytest.mark.slow
def test_the_command_runs_and_ends(tmp_path: Path) -> None:
    (tmp_path / "fetched").mkdir()
    with begin(tmp_path, '[intel]\nsources = ["https://127.0.0.1:9/list"]\n') as process:
        deadline = time.monotonic() + DEADLINE_S
        while FetchReport.read(tmp_path) is None:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        (source,) = FetchReport.require(tmp_path).sources
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    # A key may stand in an address of the owner's own.
    assert source.url == shown("https://127.0.0.1:9/list") and "list" not in source.url
    assert source.answered == 0.0


def test_keys_are_those_of_the_settings() -> None:
    found = keys_of(IntelConfig(abusech_key="0123abcd"))
    assert found == {"abusech_key": AccessKey("0123abcd", parameter="auth-key")}
    assert keys_of(IntelConfig(otx_key="01234567"))["otx_key"].value == "01234567"


def test_a_list_that_wants_a_key_is_not_asked_for_without(tmp_path: Path) -> None:
    source = ListSource("urlhaus", "https://127.0.0.1:9/", "", "", "abusech_key")
    found = FetchedList(source, tmp_path, zero)
    found.fetch(ssl.create_default_context(), NOW)
    assert found.trouble == "it wants a key: [intel] abusech_key" and found.due > NOW + 3600


def test_otx_is_asked_with_its_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = certificate(tmp_path)
    with playing_otx(*made, PlayedOtx([pulse(1, "bad.example")])) as otx:
        source = ListSource("otx", otx.url, "OTX", "", "otx_key")
        found = PulseFeed(source, tmp_path, zero, KEY)
        found.begin(NOW)
        fetcher = Fetcher([found], [], ssl.create_default_context(cafile=made[0]), earliest=0)
        with caplog.at_level("INFO"):
            fetcher.turn(NOW)
    assert otx.keys == {KEY} and (tmp_path / "otx").stat().st_size > 100
    assert "otx: " in caplog.text and KEY not in caplog.text
    assert KEY not in str(fetcher.report())


def zero() -> float:
    """Return the smallest of all chances."""
    return 0.0
