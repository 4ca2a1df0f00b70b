"""A stranger finds a module's tests by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

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
