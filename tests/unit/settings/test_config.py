# SPDX-License-Identifier: MIT
"""Settings: laid over each other, checked; a bad file is left out whole and says why."""

from __future__ import annotations

import dataclasses
import tomllib
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.errors import ConfigError
from appliance.settings import config
from appliance.settings.config import Config, build, load
from appliance.settings.sections.flows import FlowsConfig
from appliance.settings.sections.router import RouterConfig, RouterEntry
from tests.conftest import PROJECT

FILE = PROJECT / "config" / "glovebox.toml"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_load_without_files_gives_the_defaults(tmp_path: Path) -> None:
    assert load([tmp_path / "absent.toml"]) == (Config(), [])


def test_load_lays_later_files_over_earlier_ones(tmp_path: Path) -> None:
    first = write(tmp_path, "a.toml", '[capture]\nports = [1, 2]\ninterface = "a0"\n')
    second = write(tmp_path, "b.toml", "[capture]\nports = [3]\n")
    settings, errors = load([first, second])
    assert errors == []
    assert settings.capture.ports == (3,)
    assert settings.capture.interface == "a0"


def test_load_leaves_a_bad_file_out_whole(tmp_path: Path) -> None:
    good = write(tmp_path, "good.toml", "[capture]\nports = [1]\n")
    bad = write(tmp_path, "bad.toml", '[capture]\nports = [2]\n[web]\ntitle = ""\n')
    settings, errors = load([good, bad])
    assert settings.capture.ports == (1,)
    assert len(errors) == 1


def test_load_says_which_file_is_wrong_and_why(tmp_path: Path) -> None:
    file = write(tmp_path, "glovebox.toml", "[capture]\nports = [0]\n")
    settings, errors = load([file])
    assert settings == Config()
    assert [str(error) for error in errors] == [f"{file}: [capture] ports = 0: expected 1 to 65535"]


def test_file_that_ships_has_every_setting_with_its_default() -> None:
    settings, errors = load([FILE])
    assert errors == []
    assert settings == Config()
    fields = {
        section.name: {field.name for field in dataclasses.fields(getattr(settings, section.name))}
        for section in dataclasses.fields(Config)
    }
    tables = tomllib.loads(FILE.read_text())
    assert {name: set(table) for name, table in tables.items()} == fields


def test_build_names_the_file() -> None:
    with pytest.raises(ConfigError, match="^mine: "):
        build({"radio": {}}, "mine")


@pytest.mark.parametrize(
    ("held", "wanted", "engine", "refused"),
    [
        (None, "image", "snort", False),
        (None, "suricata", "suricata", False),
        ("suricata", "image", "suricata", False),
        ("suricata", "suricata", "suricata", False),
        ("suricata", "none", "none", False),
        ("suricata", "snort", "suricata", True),
        ("none", "image", "none", False),
        ("none", "snort", "none", True),
    ],
)
def test_load_takes_the_engine_that_the_image_holds(
    held: str | None,
    wanted: str,
    engine: str,
    refused: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config, "held_engine", lambda: held)
    file = tmp_path / "glovebox.toml"
    file.write_text(f'[ids]\nengine = "{wanted}"\n')
    found, errors = config.load([file])
    assert found.ids.engine == engine
    assert [f"{file}: [ids] engine = 'snort': this image holds '{held}'"] * refused == [
        str(error) for error in errors
    ]


def test_load_without_files_takes_the_engine_that_the_image_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config, "held_engine", lambda: "suricata")
    assert config.load([])[0].ids.engine == "suricata"


def test_held_engine_of_no_image(tmp_path: Path) -> None:
    assert config.held_engine(tmp_path / "absent") is None


def test_a_service_has_its_secrets_as_credentials(tmp_path: Path) -> None:
    (tmp_path / "web.toml").write_text("")
    (tmp_path / "wpa_supplicant.conf").write_text("")
    files = config.files_of({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    saved = (config.ACCEPTED, config.SAVED)
    assert files == (config.SHIPPED, config.OWNERS, tmp_path / "web.toml", *saved)
    assert config.files_of({}) == (config.SHIPPED, config.OWNERS, *saved)


def test_named_files_stand_for_all() -> None:
    environment = {"GLOVEBOX_CONFIG": "/a:/b", "CREDENTIALS_DIRECTORY": "/c"}
    assert config.files_of(environment) == (Path("/a"), Path("/b"))


SECRET = "Canary7f3aHunter"
WRONG = (
    "{}", '"{}', '{}"', "“{}”", '["{}"]', '{{ a = "{}" }}', '{{ "{}" = 1 }}', '"{}\\q"',
    '"{}" # x "',
    '"a" "{}"', '"""{}', '[{{ ssid = "H", pass = "{}" }}]', '[{{ ssid = "H", "{}" = 1 }}]',
    '[{{ ssid = "H" password = "{}" }}]', '[{{ ssid = "H", password = {{ "{}" = 1 }} }}]',
)  # fmt: skip
PLACES = (
    ("web", "password"), ("web", "password_hash"), ("web", "api_token"),
    ("access_point", "passphrase"), ("wifi", "networks"), ("ssh", "keys"), ("intel", "sources"),
    ("rules", "sources"), ("notify", "channels"), ("forward", "targets"),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("name", "key"), PLACES)
@pytest.mark.parametrize("secret", [SECRET, "77123456"])
def test_no_error_repeats_a_secret(name: str, key: str, secret: str, tmp_path: Path) -> None:
    """However it is written: as another type, half quoted, in the place of a key, outside."""
    file = tmp_path / "glovebox.toml"
    said = []
    for before in (f"[{name}]\n", "", f"[{name}]\n{key} = 'x'\n", f"[[{name}]]\n"):
        for value in WRONG:
            file.write_text(f"{before}{key} = {value.format(secret)}\n")
            said += [str(error) for error in load([file])[1]]
    assert len(said) > 30
    assert not [each for each in said if secret in each or secret[:8] in each]


def test_flows_are_taken_of_who_is_named_and_of_routers_set_up_to_send_them() -> None:
    routers = RouterConfig(
        (
            RouterEntry("home", ip_address("192.168.88.1"), flows=True),
            RouterEntry("other", ip_address("192.168.99.1")),
        )
    )
    settings = Config(router=routers, flows=FlowsConfig(exporters=(ip_address("10.0.0.1"),)))
    assert settings.flow_senders == (ip_address("10.0.0.1"), ip_address("192.168.88.1"))
    assert Config().flow_senders == ()
