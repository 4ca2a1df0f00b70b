# SPDX-License-Identifier: MIT
"""A stranger finds a module's tests by its name, and a test's module by the test's."""

from __future__ import annotations

import re

from tests.conftest import PROJECT

UNIT = PROJECT / "tests" / "unit"
# What stands in `tests/unit/` itself mirrors `appliance/`; `tests/unit/image/` mirrors `image/`.
PACKAGES = {PROJECT / "appliance": UNIT, PROJECT / "image": UNIT / "image"}
# Test modules without a module of their own, and why.
OF_NO_MODULE = {
    "alerts/test_cases.py": "odd records and questions, from the spool to the page",
    "flowexport/test_clickhouse.py": "what `flows export` writes, read back by a real ClickHouse",
    "notify/test_no_secret.py": "both services, the page and the command line, with marked secrets",
    "settings/test_cases.py": "what owners wrote, through all modules of appliance/settings",
    "test_demo_capture.py": "tests/captures/demo.pcap is a file, not a module",
    "web/test_hostile.py": "every page of the application shows what strangers wrote",
    "web/test_strangers_text.py": "every report there is, on every page there is",
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


def test_every_module_has_its_tests() -> None:
    assert len(MODULES) > 150
    assert [f"{module} wants {mirror}" for module, mirror in MODULES if not mirror.is_file()] == []


def test_all_tests_have_their_module() -> None:
    """Where none belongs to them: rename them, or give the reason above."""
    tests = sorted(UNIT.rglob("test_*.py"))
    assert len(tests) > 150
    assert [
        test for test in tests
        if test not in MIRRORS and str(test.relative_to(UNIT)) not in OF_NO_MODULE
    ] == []  # fmt: skip


def test_exceptions_are_needed() -> None:
    for name in OF_NO_MODULE:
        assert (UNIT / name).is_file(), name
        assert UNIT / name not in MIRRORS, name


def test_no_test_is_left_out() -> None:
    """`build.sh test` names the folders that it runs: one that it does not name is never run."""
    script = (PROJECT / "build.sh").read_text()
    body = script.partition("all_tests() {")[2].partition("\n}")[0]
    named = set(re.findall(r"\btests/(\w+)(?=[ )]|$)", body, re.MULTILINE))
    files = [file.relative_to(PROJECT / "tests") for file in PROJECT.glob("tests/**/test_*.py")]
    assert {file.parts[0] for file in files if len(file.parts) > 1} <= named
    assert "tests/test_*.py" in body
