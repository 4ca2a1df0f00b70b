# SPDX-License-Identifier: MIT
"""`glovebox config` says on a PC what the card will say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.settings import command


def write(folder: Path, name: str, content: str) -> Path:
    file = folder / name
    file.write_text(content)
    return file


def test_main_check_tells_each_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "glovebox.toml", "[radio]\n")
    assert command.main(["check", str(file)]) == 78
    assert str(file) in capsys.readouterr().out


def test_main_show_prints_the_settings_in_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, "glovebox.toml", "[capture]\nports = [9]\n")
    assert command.main(["show", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["capture"]["ports"] == [9]


def test_main_show_keeps_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "glovebox.toml"
    file.write_text(
        '[web]\napi_token = "a-token-of-programs"\n'
        '[wifi]\nnetworks = [{ ssid = "Home", password = "long enough" }]\n'
    )
    assert command.main(["show", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "a-token-of-programs" not in printed and "long enough" not in printed
    assert '"ssid": "Home"' in printed
    assert printed.count('"(set)"') == 2


def test_main_check_of_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["check", str(tmp_path / "glovebox.tml")]) == 78
    assert "No such file" in capsys.readouterr().out


def test_main_check_names_all_that_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["[system]", 'hostname = "a b"', 'timezone = "Mars"', "[wifi]", 'country = "UK"']
    text = "\n".join([*lines, "[alerts]", "keep = 9"])
    file = write(tmp_path, "glovebox.toml", text)
    assert command.main(["check", str(file)]) == 78
    printed = capsys.readouterr().out.splitlines()
    assert [line.rpartition(" (line ")[2] for line in printed] == ["2)", "3)", "5)", "7)"]


def test_main_check_of_what_is_right(tmp_path: Path) -> None:
    file = write(tmp_path, "glovebox.toml", '[system]\nhostname = "box"\n')
    assert command.main(["check", str(file)]) == 0


def test_main_check_tells_remarks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "glovebox.toml", '[dhcp]\nrouter = "10.77.0.2"\n')
    assert command.main(["check", str(file)]) == 78
    assert "dns_servers" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ('[web]\npassword = "short"\n', True),
        ('[web]\npassword = "the secret\n', True),
        ('[web]\npassword = "the secret"\n[system]\nhostname = 7\n', False),
        ('[web]\ntitle = ""\n', False),
    ],
)
def test_check_says_when_the_page_would_stay_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, closed: bool
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    assert command.main(["check", str(file)]) == 78
    said = capsys.readouterr().out
    assert (f"glovebox config: {file}: no password for the page" in said) is closed


@pytest.mark.parametrize("name", ["glovebox.toml.txt", "glovebox (1).toml", "glovebox.conf"])
def test_main_check_says_that_a_card_would_not_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    file = write(tmp_path, name, '[system]\nhostname = "kit"\n')
    assert command.main(["check", str(file)]) == 78
    told = capsys.readouterr().out
    assert told.startswith(f"glovebox config: {file}: not read under this name; rename it to")


def test_main_check_of_a_file_with_a_name_of_its_own(tmp_path: Path) -> None:
    assert command.main(["check", str(write(tmp_path, "mine.toml", ""))]) == 0
