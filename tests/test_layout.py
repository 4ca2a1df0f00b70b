"""A stranger finds a module's tests by its name, and every command in the documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.cli import COMMANDS
from tests.conftest import PROJECT

MODULES = sorted(
    path.relative_to(PROJECT / "appliance")
    for path in (PROJECT / "appliance").rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py")
)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_has_its_tests(module: Path) -> None:
    mirror = PROJECT / "tests" / "unit" / module.with_name(f"test_{module.name}")
    assert mirror.is_file(), f"appliance/{module} wants {mirror.relative_to(PROJECT)}"


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_documented(command: str) -> None:
    documents = [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]
    assert any(f"glovebox {command}" in document.read_text() for document in documents)
