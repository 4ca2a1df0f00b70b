# SPDX-License-Identifier: MIT
"""The whole way: what BOOT holds, what the system reads, what goes back, over several starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.security import check_password_hash

from appliance.probation import keeping
from appliance.probation.policy import TrialProgress
from appliance.reports import statusfile
from appliance.reports.probation import TrialEnd
from appliance.settings import apply, config, writeback
from appliance.settings.apply import SettingsPlaces
from appliance.settings.password_hash import NOBODY, hashed_password
from appliance.settings.plan import plan
from image.build import owner_file
from image.build.context import PROJECT

PRESEED = b'config_version = "1.1"\n[system]\nhostname = "mypi"\n[user]\npassword = "the secret"\n'
ERRORS = "glovebox-errors.txt"


@pytest.fixture
def places(tmp_path: Path) -> SettingsPlaces:
    made = SettingsPlaces(
        tmp_path / "boot",
        tmp_path / "data",
        tmp_path / "run",
        network=tmp_path / "network" / "50-settings.conf",
        status=tmp_path / "status",
    )
    for folder in (made.boot, made.data, made.network.parent, made.status):
        folder.mkdir()
    return made


@pytest.fixture
def start(places: SettingsPlaces) -> Callable[..., list[str]]:
    """Return one start of the machine: what was in memory is gone; gives the problems."""

    def run(**conditions: bool) -> list[str]:
        shutil.rmtree(places.run, ignore_errors=True)
        at = SettingsPlaces(**{**vars(places), **conditions})
        outcome = apply.apply(at)
        if at.outbox.is_dir():
            writeback.main(at.outbox, at.boot, at.status)
        return outcome.problems

    return run


def hostname(places: SettingsPlaces) -> str:
    return (places.run / "sysctl.conf").read_text().split()[-1]


def test_apply_of_the_shipped_template(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    owner_file.write(places.boot / "new", PROJECT)
    shutil.copy(places.boot / "new" / "glovebox.toml", places.boot)
    assert start() == []
    assert hostname(places) == "glovebox"
    assert not (places.boot / ERRORS).exists()
    assert (places.run / "localtime").readlink() == Path("/usr/share/zoneinfo/UTC")


def test_apply_keeps_the_last_good_settings(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.boot / "glovebox.toml").write_text('[system]\nhostname = "first"\n')
    assert start() == []
    (places.boot / "glovebox.toml").write_text('[system]\r\nhostname = "second"\r\nx\r\n')
    (problem,) = start()
    assert "glovebox.toml" in problem and "line 3" in problem
    assert hostname(places) == "first"
    assert "line 3" in (places.boot / ERRORS).read_bytes().decode()
    (places.boot / "glovebox.toml").write_text('[system]\nhostname = "third"\n')
    assert start() == []
    assert hostname(places) == "third"
    assert not (places.boot / ERRORS).exists()


def test_apply_writes_nothing_to_boot_where_nothing_changed(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.boot / "glovebox.toml").write_text("[nonsense]\n")
    start()
    apply.apply(places)
    assert list(places.outbox.iterdir()) == []


@pytest.mark.parametrize("name", ["boot_mounted", "data_mounted"])
def test_apply_without_a_partition(
    name: str, places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.boot / "glovebox.toml").write_text('[system]\nhostname = "box"\n')
    start()
    problems = start(**{name: False})
    assert hostname(places) == "box"
    assert len(problems) == (1 if name == "boot_mounted" else 0)


def test_apply_restores_a_file_that_is_gone(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.boot / "glovebox.toml").write_text('[system]\nhostname = "box"\n')
    start()
    (places.boot / "glovebox.toml").unlink()
    assert start() == []
    assert (places.boot / "glovebox.toml").read_text() == '[system]\nhostname = "box"\n'


def test_apply_takes_over_what_imager_wrote_and_the_owner_goes_before(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.boot / "rpi-preseed.toml").write_bytes(PRESEED)
    assert start() == []
    assert hostname(places) == "mypi"
    assert b"the secret" not in (places.boot / "rpi-preseed.toml").read_bytes()
    secrets = tomllib.loads((places.run / "secrets/web.toml").read_text())
    assert secrets["web"]["password_hash"].startswith("scrypt:")
    assert "scrypt" not in (places.run / "glovebox.toml").read_text()
    assert not any(
        b"the secret" in file.read_bytes() for file in places.data.rglob("*") if file.is_file()
    )
    (places.boot / "glovebox.toml").write_text('[system]\nhostname = "mine"\n')
    assert start() == []
    assert hostname(places) == "mine"
    assert tomllib.loads((places.run / "secrets/web.toml").read_text()) == secrets


def test_apply_leaves_secrets_where_they_cannot_be_kept(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.boot / "rpi-preseed.toml").write_bytes(PRESEED)
    problems = start(data_mounted=False)
    assert hostname(places) == "mypi"
    assert (places.boot / "rpi-preseed.toml").read_bytes() == PRESEED
    assert "DATA partition is not there" in problems[0]


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"{}", b'{"digest": "", "tables": {"x": {}}}'])
def test_apply_survives_a_damaged_memory(
    content: bytes, places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.data / "settings").mkdir()
    for name in ("imager.json", "glovebox.toml"):
        (places.data / "settings" / name).write_bytes(content)
    (places.boot / "rpi-preseed.toml").write_bytes(PRESEED)
    start()
    assert hostname(places) == "mypi"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("glovebox.toml", b'[web]\npassword = "short"\n'),
        ("glovebox.toml", b'[web]\npassword = "the secret\n[wifi]\ncountry = "DE"\n'),
        ("rpi-preseed.toml", PRESEED.replace(b"the secret", b"short")),
        ("rpi-preseed.toml", PRESEED.replace(b'secret"', b"secret")),
    ],
    ids=["too short", "a missing quote", "Imager's too short", "Imager's missing quote"],
)
def test_apply_leaves_the_page_to_nobody_where_its_password_is_wrong(
    places: SettingsPlaces, start: Callable[..., list[str]], name: str, content: bytes
) -> None:
    """At the very first start there is no earlier password; the next start has the right one."""
    (places.boot / name).write_bytes(content)
    problems = start()
    assert any("nobody can log in" in each for each in problems)
    assert _web(places) == {"password_hash": NOBODY}
    assert "nobody can log in" in (places.boot / ERRORS).read_text()
    assert not any(NOBODY in file.read_text() for file in places.kept.glob("*"))
    (places.boot / name).unlink()
    (places.boot / "glovebox.toml").write_bytes(b'[web]\npassword = "the secret"\n')
    assert not any("nobody" in each for each in start())
    assert check_password_hash(_web(places)["password_hash"], "the secret")


@pytest.mark.slow
def test_apply_keeps_the_password_that_was_in_force(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.boot / "glovebox.toml").write_bytes(b'[web]\npassword = "the secret"\n')
    start()
    (places.boot / "glovebox.toml").write_bytes(b'[web]\npassword = "short"\n')
    assert not any("nobody" in each for each in start())
    assert check_password_hash(_web(places)["password_hash"], "the secret")


def _web(places: SettingsPlaces) -> dict[str, str]:
    return dict(tomllib.loads((places.run / "secrets/web.toml").read_text())["web"])


def test_apply_publishes_what_is_wrong(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.boot / "firstrun.sh").write_text("#!/bin/sh\n")
    problems = start()
    assert statusfile.read("settings", places.status) == {"problems": problems, "notes": []}


def test_write_of_networks_keys_and_addresses(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJCoaqsSxDVpS7fxoVnYoyuCOGpNGgZcDpBUSjsz2vSw a"
    (places.boot / "glovebox.toml").write_text(
        '[wired]\naddresses = ["192.168.1.5/24"]\n[wifi]\nnetworks = [{ ssid = "Home" }]\n'
        f'[ssh]\nkeys = ["{key}"]\n'
    )
    assert start() == []
    assert "Address=192.168.1.5/24" in places.network.read_text()
    modes = {file.name: file.stat().st_mode & 0o777 for file in places.run.iterdir()}
    assert modes["authorized_keys"] == 0o644
    assert modes["wpa_supplicant.conf"] == 0o600
    assert modes["glovebox.toml"] == 0o640


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be other users")
def test_no_other_service_reads_a_secret(tmp_path: Path) -> None:
    """As glovebox-settings writes them, and as whoever takes minidlna over would look for them."""
    settings, media, group = 60001, 60003, 60002
    tables = {
        "web": {"password_hash": hashed_password("the password"), "api_token": "T" * 20},
        "access_point": {"passphrase": "wifi of the car"},
        "wifi": {"networks": [{"ssid": "Home", "password": "wifi at home"}]},
    }
    run = Path(tempfile.mkdtemp())
    os.chown(run, settings, group)
    run.chmod(0o755)
    try:
        found = plan(config.build(tables), tables)
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(group)
                os.setuid(settings)
                apply.write(found, SettingsPlaces(run=run))
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        argv = ["setpriv", f"--reuid={media}", f"--regid={group}", "--clear-groups"]
        search = ["grep", "-r", "", str(run)]
        seen = subprocess.run([*argv, *search], capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(run)
    assert "kernel.hostname" in seen.stdout and "secrets: Permission denied" in seen.stderr
    for secret in ("T" * 20, "scrypt", "wifi of the car", "wifi at home"):
        assert secret not in seen.stdout


HOME = '[wired]\naddresses = ["192.168.88.5/24"]\ngateways = ["192.168.88.1"]\n'
AWAY = '[wired]\r\naddresses = ["10.9.9.9/24"]\r\ngateways = ["10.9.9.1"]\r\n'


def ends(places: SettingsPlaces, verdict: TrialEnd) -> None:
    """Have the watching service end the trial."""
    trial = keeping.read_on_trial(places.run / keeping.ON_TRIAL)
    assert trial is not None
    (places.data / "probation").mkdir(exist_ok=True)
    file = places.data / "probation" / keeping.PROGRESS
    keeping.write_progress(TrialProgress(trial.attempt, 600.0, verdict), file)


def test_apply_brings_back_the_network_that_worked(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.boot / "glovebox.toml").write_text(HOME)
    assert start() == []
    ends(places, TrialEnd.WORKS)
    assert start() == []
    assert not (places.run / keeping.ON_TRIAL).exists()
    (places.boot / "glovebox.toml").write_text(AWAY + '[system]\nhostname = "away"\n')
    assert start() == []
    assert "10.9.9.9" in places.network.read_text()
    ends(places, TrialEnd.FAILED)
    # As at the next start, and as when the door was opened: what is in memory stays.
    for again in (False, True, True):
        (problem,) = start() if again else apply.apply(places).problems
        assert problem.startswith("[wired]: ")
        assert "192.168.88.5" in places.network.read_text()
        assert not (places.run / keeping.ON_TRIAL).exists()
    assert hostname(places) == "away"
    assert "if only a remark" in (places.boot / ERRORS).read_text()
    (places.boot / "glovebox.toml").write_text(AWAY.replace("10.9.9.9/24", "10.9.9.8/24"))
    assert start() == []
    assert "10.9.9.8" in places.network.read_text()
    assert not (places.boot / ERRORS).exists()


def test_apply_brings_the_defaults_back_without_a_new_start(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    """The first settings ever cut the machine off: it asks the router again."""
    (places.boot / "glovebox.toml").write_text(AWAY)
    start()
    assert places.network.exists()
    ends(places, TrialEnd.FAILED)
    apply.apply(places)
    assert not places.network.exists()


def test_apply_tries_nothing_without_data(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.boot / "glovebox.toml").write_text(AWAY)
    start(data_mounted=False)
    assert "10.9.9.9" in places.network.read_text()
    assert not (places.run / keeping.ON_TRIAL).exists()


def test_apply_takes_what_an_image_of_before_had_for_good(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    (places.boot / "glovebox.toml").write_text(HOME)
    start()
    (places.kept / keeping.RECORD).unlink()
    start()
    assert not (places.run / keeping.ON_TRIAL).exists()


def test_routers_on_the_card_take_the_place_of_those_accepted_on_the_page(
    places: SettingsPlaces, start: Callable[..., list[str]]
) -> None:
    places.accepted.parent.mkdir()
    places.accepted.write_text('[capture]\nrouters = ["192.0.2.1"]\n')
    (places.boot / "glovebox.toml").write_text("[capture]\nrouters = []\n")
    assert start() == []
    assert places.accepted.exists()
    (places.boot / "glovebox.toml").write_text('[capture]\nrouters = ["192.0.2.2"]\n')
    assert start() == []
    assert not places.accepted.exists()
