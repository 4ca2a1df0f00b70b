# SPDX-License-Identifier: MIT
"""The access point's script."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from appliance.errors import ConfigError
from appliance.router import access_point
from appliance.settings.sections.access_point import AccessPointConfig

KIT = IPv4Address("10.77.0.1")
HOSTILE = '"; /user add name=x group=full; :put "$[/system reboot]'[:32]
OWNERS = AccessPointConfig(ssid="Auto", passphrase="correct horse", country="germany")


def lines(text: str) -> list[str]:
    """Return the commands: comments left out, continued lines joined."""
    joined = text.replace("\\\n", "").splitlines()
    return [line.strip() for line in joined if line.strip() and not line.startswith("#")]


def test_script_fills_in_the_owners_values() -> None:
    text = access_point.script(OWNERS, KIT)
    for expected in ('ssid="Auto"', 'wpa2-pre-shared-key="correct horse"', 'country="germany"',
                     "servers=10.77.0.1", "/ip dhcp-server disable [find]"):  # fmt: skip
        assert expected in text
    assert "sniffer" not in text and "/interface wifi" not in text


def test_script_for_the_newer_driver_has_wpa3() -> None:
    newer = AccessPointConfig(
        ssid="Auto", passphrase="correct horse", country="Germany", driver="wifi"
    )
    text = access_point.script(newer, KIT)
    assert "authentication-types=wpa2-psk,wpa3-psk" in text
    assert 'security.passphrase="correct horse"' in text
    assert "/interface wireless" not in text


def test_script_streams_where_that_is_wanted() -> None:
    streaming = AccessPointConfig(passphrase="correct horse", country="germany", stream=True)
    assert "streaming-server=10.77.0.1:37008" in access_point.script(streaming, KIT)


def test_script_takes_hostile_values_as_text() -> None:
    """The same commands as with harmless values; only strings differ."""
    hostile = AccessPointConfig(ssid=HOSTILE, passphrase=HOSTILE, country=HOSTILE)
    plain = lines(access_point.script(OWNERS, KIT))
    changed = lines(access_point.script(hostile, KIT))
    assert len(plain) == len(changed)
    differing = [(a, b) for a, b in zip(plain, changed, strict=True) if a != b]
    assert all(a.split('"')[::2] == b.split('"')[::2] for a, b in differing)
    assert len(differing) == 2


@pytest.mark.parametrize("key", ["passphrase", "country"])
def test_script_asks_for_what_only_the_owner_knows(key: str) -> None:
    words = {"passphrase": "correct horse", "country": "x", key: ""}
    settings = AccessPointConfig(passphrase=words["passphrase"], country=words["country"])
    with pytest.raises(ConfigError, match=key):
        access_point.script(settings, KIT)


def test_script_keeps_the_first_backup() -> None:
    text = access_point.script(OWNERS, KIT)
    guard = text.index('find name="before-glovebox.backup"')
    assert guard < text.index("/system backup save") < text.index("/interface bridge")


def test_blocks_are_closed() -> None:
    streaming = AccessPointConfig(passphrase="correct horse", country="x", stream=True)
    for text in (access_point.script(streaming, KIT), access_point.undo()):
        assert text.count("{") == text.count("}") > 0
        assert text.count("[") == text.count("]")
        assert text.count('"') % 2 == 0


def test_main_prints_script_and_undo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "glovebox.toml"
    file.write_text('[access_point]\npassphrase = "correct horse"\ncountry = "germany"\n')
    assert access_point.main([str(file)]) == 0
    assert 'ssid="Glovebox"' in capsys.readouterr().out
    assert access_point.main(["--undo"]) == 0
    assert "/system backup load name=before-glovebox" in capsys.readouterr().out


def test_main_refuses_a_wrong_file(tmp_path: Path) -> None:
    file = tmp_path / "glovebox.toml"
    file.write_text('[access_point]\nssid = ""\n')
    with pytest.raises(ConfigError, match="ssid"):
        access_point.main([str(file)])
