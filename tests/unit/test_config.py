"""Settings: laid over each other, checked; a bad file is left out whole and says why."""

from __future__ import annotations

import json
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance import config
from appliance.config import Config, build, load
from appliance.errors import ConfigError


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[capture]\nport = [1]\n", ["[capture] port", "no such key", "ports"]),
        ("[radio]\n", ["[radio]", "no such section", "capture"]),
        ("capture = 1\n", ["capture = 1", "expected a section"]),
        ("[capture]\nports = 37008\n", ["ports = 37008", "a list"]),
        ("[capture]\nports = [0]\n", ["ports = 0", "1 to 65535"]),
        ("[capture]\nports = []\n", ["ports = []", "at least one"]),
        ("[capture]\nports = [true]\n", ["ports = True", "int"]),
        ('[capture]\ninterface = "an-interface-too-long"\n', ["interface", "15 characters"]),
        ('[capture]\nrouters = ["router"]\n', ["routers = 'router'", "an IP address"]),
        ("[capture]\nrouters = [1]\n", ["routers = 1", "in quotes"]),
        ('[ids]\nhome_networks = ["10.0.0.1/8"]\n', ["home_networks", "10.0.0.0/8"]),
        ('[ids]\nengine = "zeek"\n', ["engine = 'zeek'", "'snort'"]),
        ('[web]\npassword_hash = "secret"\n', ["password_hash", "--hash-password"]),
        ('[web]\napi_token = "short"\n', ["api_token", "16 to 256"]),
        ('[web]\npassword = "short"\n', ["password", "8 to 256"]),
        ("[web]\npassword = 1234567890\n", ["password = …", "str"]),
        ("[alerts]\nkeep = 1\n", ["keep = 1", "at least 1000"]),
        ('[media]\nname = "a\\nport=1"\n', ["[media] name", "on one line"]),
        ('[media]\nname = " "\n', ["[media] name", "1 to 63 bytes"]),
        ('[media]\nname = "<b>"\n', ["[media] name", "without < > &"]),
        ('[media]\nkinds = ["films"]\n', ["kinds = 'films'", "'video' or 'audio'"]),
        ("[media]\nkinds = []\n", ["kinds = []", "at least one kind"]),
        ("[capture\n", []),
    ],
)
def test_load_says_file_key_value_and_what_was_expected(
    text: str, words: list[str], tmp_path: Path
) -> None:
    file = write(tmp_path, "glovebox.toml", text)
    settings, errors = load([file])
    assert settings == Config()
    (error,) = map(str, errors)
    assert error.startswith(f"{file}: ")
    assert all(word in error for word in words), error


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", b"a = " + b"[" * 100_000, b"#" * (config.LARGEST_FILE + 1)],
    ids=["not UTF-8", "nested", "too large"],
)
def test_load_survives_hostile_files(content: bytes, tmp_path: Path) -> None:
    settings, errors = load([write(tmp_path, "glovebox.toml", content)])
    assert settings == Config()
    assert len(errors) == 1


def test_load_takes_what_windows_editors_write(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf[capture]\r\nrouters = ["192.0.2.1"]\r\n'
    settings, errors = load([write(tmp_path, "glovebox.toml", content)])
    assert errors == []
    assert settings.capture.routers == (ip_address("192.0.2.1"),)


def test_load_of_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    assert len(load([tmp_path])[1]) == 1


def test_build_names_the_file() -> None:
    with pytest.raises(ConfigError, match="^mine: "):
        build({"radio": {}}, "mine")


def test_main_check_tells_each_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "glovebox.toml", "[radio]\n")
    assert config.main(["check", str(file)]) == 78
    assert str(file) in capsys.readouterr().out


def test_main_show_prints_the_settings_in_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, "glovebox.toml", "[capture]\nports = [9]\n")
    assert config.main(["show", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["capture"]["ports"] == [9]


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


def test_main_show_keeps_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "glovebox.toml"
    file.write_text(
        '[web]\napi_token = "a-token-of-programs"\n'
        '[wifi]\nnetworks = [{ ssid = "Home", password = "long enough" }]\n'
    )
    assert config.main(["show", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "a-token-of-programs" not in printed and "long enough" not in printed
    assert '"ssid": "Home"' in printed
    assert printed.count('"(set)"') == 2
