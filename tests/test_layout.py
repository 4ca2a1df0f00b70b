"""A stranger finds a module's tests by its name, and a test's module by the test's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import PROJECT

UNIT = PROJECT / "tests" / "unit"
# What stands in `tests/unit/` itself mirrors `appliance/`; `tests/unit/image/` mirrors `image/`.
PACKAGES = {PROJECT / "appliance": UNIT, PROJECT / "image": UNIT / "image"}
# Test modules without a module of their own, and why.
OF_NO_MODULE = {
    "test_demo_capture.py": "tests/captures/demo.pcap is a file, not a module",
    "web/test_hostile.py": "every page of the application shows what strangers wrote",
    "web/test_create_app.py": "the application as a whole: appliance/web/__init__.py",
}

MODULES = sorted(
    (
        module.relative_to(PROJECT),
        mirror / module.relative_to(package).with_name(f"test_{module.name}"),
    )
    for package, mirror in PACKAGES.items()
    for module in package.rglob("*.py")
    if module.name not in ("__init__.py", "__main__.py")
)
MIRRORS = {mirror for _, mirror in MODULES}


@pytest.mark.parametrize(("module", "mirror"), MODULES, ids=lambda path: path.name)
def test_module_has_its_tests(module: Path, mirror: Path) -> None:
    assert mirror.is_file(), f"{module} wants {mirror.relative_to(PROJECT)}"


@pytest.mark.parametrize("tests", sorted(UNIT.rglob("test_*.py")), ids=lambda path: path.name)
def test_tests_have_their_module(tests: Path) -> None:
    assert tests in MIRRORS or str(tests.relative_to(UNIT)) in OF_NO_MODULE, (
        f"no module belongs to {tests.relative_to(PROJECT)}: rename it, or give the reason here"
    )


@pytest.mark.parametrize("name", OF_NO_MODULE)
def test_exceptions_are_needed(name: str) -> None:
    assert (UNIT / name).is_file()
    assert UNIT / name not in MIRRORS
