# SPDX-License-Identifier: MIT
"""The `glovebox` command: finds subcommands, turns errors into one line and a status."""

from __future__ import annotations

import os
import subprocess
import sys
import types

import pytest

from appliance import __version__, cli
from appliance.area import Command
from appliance.errors import GloveboxError, InputError, PrivilegeError

GLOVEBOX = [sys.executable, "-m", "appliance.cli"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GLOVEBOX, *arguments], capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, **environment},
    )  # fmt: skip


def test_help_names_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in cli.COMMANDS)


def test_version_is_that_of_the_package() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"glovebox {__version__}\n")


@pytest.mark.parametrize("arguments", [[], ["fly"]])
def test_wrong_usage_ends_with_status_2(arguments: list[str]) -> None:
    assert run(*arguments).returncode == 2


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: glovebox {command} ")


def test_help_needs_no_utf8() -> None:
    assert run("--help", LC_ALL="C", PYTHONIOENCODING="ascii:strict").returncode == 0


@pytest.mark.parametrize("error", [InputError("x: not a capture"), PrivilegeError("CAP_NET_RAW")])
def test_error_becomes_one_line_and_its_status(
    error: GloveboxError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(argv: list[str]) -> int:
        raise error

    module = types.ModuleType("failing")
    vars(module)["main"] = fail
    monkeypatch.setitem(sys.modules, "failing", module)
    monkeypatch.setitem(cli.COMMANDS, "fail", Command("fail", "failing", "fails"))
    assert cli.main(["fail"]) == error.exit_status
    assert capsys.readouterr().err == f"glovebox fail: {error}\n"


@pytest.mark.slow
def test_reader_that_goes_away_ends_it_quietly() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m appliance.cli config show | true; echo"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
