# SPDX-License-Identifier: MIT
"""`glovebox zone`, without its server: what is written, and what is told."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance import files
from appliance.intel import allowed
from appliance.reports.intel import ZoneReport
from appliance.service import Publisher
from appliance.settings.config import Config
from appliance.settings.sections.intel import IntelConfig
from appliance.zone import service, signing_key, zone_file
from tests.unit.intel.sample_lists import take

MANY = 1000
WANTED = IntelConfig(
    secondaries=(ip_address("192.0.2.53"),), unsigned_secondaries=(ip_address("2001:db8::53"),)
)


@pytest.fixture
def places(tmp_path: Path) -> Path:
    for name in ("zone", "run"):
        (tmp_path / name).mkdir()
    take(tmp_path, a_txt="bad.example\n")
    return tmp_path


def write(places: Path, settings: IntelConfig = WANTED, most: int = MANY) -> ZoneReport:
    return service.write(settings, places / "zone", places / "kept", places / "run", most)


def test_without_a_secondary_there_is_no_zone_and_nothing_starts(places: Path) -> None:
    report = write(places, IntelConfig())
    assert not report.wanted and report.serial == 0
    assert list((places / "zone").iterdir()) == list((places / "run").iterdir()) == []


def test_the_last_secondary_that_goes_takes_the_server_with_it(places: Path) -> None:
    write(places)
    assert (places / "run" / service.CONF).exists()
    write(places, IntelConfig())
    assert not (places / "run" / service.CONF).exists()


def test_zone_key_and_configuration_are_written(places: Path) -> None:
    report = write(places)
    assert report.wanted and report.records == 6 and report.trouble == ""
    assert (report.signing, report.unsigned) == (("192.0.2.53",), ("2001:db8::53",))
    conf = places / "run" / service.CONF
    assert signing_key.read(places / "zone") in conf.read_text()
    assert conf.stat().st_mode & 0o777 == 0o600


def test_what_the_owner_allows_is_in_no_zone(places: Path) -> None:
    first = write(places)
    allowed.allow(places / "kept", "bad.example", 1.0)
    second = write(places)
    assert second.serial > first.serial
    assert "bad.example CNAME ." not in (places / "zone" / zone_file.NAME).read_text()


def test_what_comes_while_it_is_written_is_written_too(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = iter([None])

    def change(*anything: object, whole: object = files.write_durable) -> None:
        whole(*anything)  # type: ignore[operator]
        for _ in once:
            take(places, a_txt="bad.example\nworse.example\n")

    monkeypatch.setattr(files, "write_durable", change)
    assert write(places).records == 8


def test_no_room_is_told_and_leaves_the_zone_of_before(places: Path) -> None:
    first = write(places)
    take(places, a_txt="bad.example\nworse.example\n")
    report = write(places, most=6)
    assert report.trouble == "this machine has no room for more than 6 records"
    assert report.serial == first.serial and report.records == 6


def test_no_room_at_all_starts_nothing(places: Path) -> None:
    report = write(places, most=1)
    assert report.trouble and report.serial == 0
    assert not (places / "run" / service.CONF).exists()


def test_a_card_that_cannot_be_written_is_told(places: Path) -> None:
    (places / "zone").rmdir()
    assert "cannot be written" in write(places).trouble


def test_without_a_server_nothing_is_loaded(places: Path) -> None:
    assert service.reload(places / "run") == ""


def test_the_command_writes_once_and_publishes(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.settings.config.load", lambda: (Config(intel=WANTED), []))
    told: list[object] = []
    monkeypatch.setattr(Publisher, "publish", lambda self, report: told.append(report))
    argv = ["--folder", str(places / "zone"), "--lists", str(places / "kept")]
    assert service.main([*argv, "--runtime", str(places / "run")]) == 0
    assert zone_file.read_version(places / "zone" / zone_file.NAME) is not None
    assert isinstance(told[0], ZoneReport) and told[0].records == 6
