# SPDX-License-Identifier: MIT
"""Linters are tests: a finding is a failure."""

from __future__ import annotations

import ast
import contextlib
import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from appliance.cli import COMMANDS
from tests.conftest import PROJECT, missing

UNITS = sorted(path for path in (PROJECT / "systemd/system").glob("*.*") if path.is_file())


def check(*argv: str | Path, **environment: str) -> None:
    result = subprocess.run(
        [str(word) for word in argv], cwd=PROJECT, capture_output=True, text=True, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


def shell_scripts() -> list[Path]:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    files = [PROJECT / name for name in tracked if name and (PROJECT / name).is_file()]
    return [file for file in files if is_shell(file)]


def is_shell(file: Path) -> bool:
    with file.open("rb") as stream:
        first = stream.readline(80)
    return first.startswith(b"#!") and first.rstrip().endswith(b"sh")


def test_ruff_finds_nothing() -> None:
    check(sys.executable, "-m", "ruff", "check", ".")


def test_ruff_would_format_nothing() -> None:
    check(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_mypy_strict_finds_nothing() -> None:
    check(sys.executable, "-m", "mypy")


def test_shellcheck_finds_nothing() -> None:
    if not shutil.which("shellcheck"):
        missing("no shellcheck")
    scripts = shell_scripts()
    assert PROJECT / "build.sh" in scripts
    check("shellcheck", *scripts)


def to_be_enabled() -> list[Path]:
    return [unit for unit in UNITS if "[Install]" in unit.read_text() and "@" not in unit.name]


@pytest.mark.parametrize("unit", to_be_enabled(), ids=lambda unit: unit.name)
def test_each_unit_is_in_the_preset(unit: Path) -> None:
    preset = (PROJECT / "systemd/system-preset/00-glovebox.preset").read_text()
    assert f"enable {unit.name}\n" in preset


def reads_settings(unit: Path) -> bool:
    """Tell whether what a unit starts is one of our commands that load the settings."""
    started = re.findall(r"^ExecStart=\S*/usr/bin/glovebox (\S+)", unit.read_text(), re.MULTILINE)
    modules = [importlib.import_module(COMMANDS[command].module) for command in started]
    return any(loads_settings(source(module)) for module in modules)


def loads_settings(text: str) -> bool:
    """Tell whether a module loads the settings itself, or has `service.run` do it."""
    runs = re.search(r"\brun\(\s*(\w+\.NAME|\"[a-z-]+\"), ", text) and "settings=False" not in text
    return bool(runs or re.search(r"(config\.|[ (])load\(\)", text))


def source(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text()


@pytest.mark.parametrize(
    "unit", [each for each in UNITS if reads_settings(each)], ids=lambda unit: unit.name
)
def test_who_reads_the_settings_may(unit: Path) -> None:
    """The owner's settings are for the group glovebox; who may not read them goes without."""
    groups = re.findall(r"^(?:Group|SupplementaryGroups)=(.*)$", unit.read_text(), re.MULTILINE)
    assert "glovebox" in " ".join(groups).split()


def test_those_who_read_the_settings_are_found() -> None:
    found = {unit.name for unit in UNITS if reads_settings(unit)}
    assert {"glovebox-firewall.service", "glovebox-receiver.service"} <= found


def test_every_source_file_names_its_licence() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    sources = [
        PROJECT / name for name in tracked if name.endswith((".py", ".sh", ".c", ".css", ".js"))
    ]
    # The web sites of the recorded capture are what a browser once loaded: not a byte changes.
    found = [
        file
        for file in sources
        if "sites" not in file.parts and file.is_file() and file.read_text().strip()
    ]
    assert len(found) > 400
    silent = [
        file for file in found if "SPDX-License-Identifier: MIT" not in file.read_text()[:200]
    ]
    assert not silent


def quoted_imports() -> list[tuple[str, str, str]]:
    """Return what programs in strings of the tests import of ours: where, module and name.

    Neither mypy nor a test on this host sees those that only the booted image runs.
    """
    files = [file for file in (PROJECT / "tests").rglob("*.py") if "old" not in file.parts]
    strings = [
        (file, node.value)
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [
        (str(file.relative_to(PROJECT)), module, name.split(" as ")[0].strip())
        for file, text in strings
        for module, names in re.findall(
            r"(?m)(?:^|; ?)from (appliance[\w.]*) import ([^\n;]+)", text
        )
        for name in names.split(",")
    ]


def test_what_programs_in_strings_import_exists() -> None:
    found = quoted_imports()
    assert ("tests/image/test_alerts.py", "appliance.alerts", "store") in found
    assert [each for each in found if not importable(each[1], each[2])] == []


def importable(module: str, name: str) -> bool:
    with contextlib.suppress(ImportError):
        if hasattr(importlib.import_module(module), name):
            return True
        importlib.import_module(f"{module}.{name}")
        return True
    return False
