# SPDX-License-Identifier: MIT
"""The layers of docs/developer/architecture.md are those of the code: nothing upward, no circle."""

from __future__ import annotations

import ast
import functools
import re
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import PROJECT

PACKAGE = PROJECT / "appliance"
TABLE = PROJECT / "docs" / "developer" / "architecture.md"
# What reads or writes something, or asks a clock: nothing for a format to import.
IMPURE = frozenset(
    ("asyncio", "fcntl", "logging", "mmap", "os", "pathlib", "random", "select", "selectors",
     "shutil", "signal", "subprocess", "tempfile", "threading", "time")
)  # fmt: skip


def layers() -> dict[str, int]:
    """Return the height of each room, as the table in the document has it."""
    section = TABLE.read_text().partition("\n## Layers\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\|[^|]+\|((?: `[a-z_.]+`,?)+) \|$", section, re.MULTILINE)
    return {room: height for height, row in enumerate(rows) for room in re.findall(r"`(.+?)`", row)}


HEIGHTS = layers()


def modules() -> dict[str, Path]:
    found = {}
    for file in PACKAGE.rglob("*.py"):
        name = ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
        found[name.removesuffix(".__init__") if name != "__init__" else ""] = file
    return found


MODULES = modules()


def imported(file: Path) -> Iterator[str]:
    """Yield the modules of the package that a file imports, without the package's own name."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "appliance":
            base = (node.module or "").removeprefix("appliance").removeprefix(".")
            for alias in node.names:
                deeper = f"{base}.{alias.name}".lstrip(".")
                yield deeper if deeper in MODULES else base
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("appliance."):
                    yield alias.name.removeprefix("appliance.")


@functools.cache
def imports() -> Mapping[str, set[str]]:
    """Return what each module of the package imports of it."""
    return {name: set(imported(file)) - {""} for name, file in MODULES.items() if name}


def height(module: str) -> int:
    """Return how high a module stands: by the longest name in the table that it falls under."""
    parts = module.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next(HEIGHTS[name] for name in names if name in HEIGHTS)


def room(module: str) -> str:
    return module.split(".")[0]


def test_every_room_stands_in_the_table_and_every_name_there_is_one() -> None:
    assert {room(module) for module in imports()} == {room(name) for name in HEIGHTS}
    assert HEIGHTS.keys() <= MODULES.keys()


def test_no_import_goes_upward() -> None:
    upward = [
        f"{module} -> {other}"
        for module, others in sorted(imports().items())
        for other in sorted(others)
        if room(module) != room(other) and height(other) > height(module)
    ]
    assert not upward


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not circle(imports())


def test_no_rooms_import_each_other_in_a_circle() -> None:
    """Settings are two: the values, and the service that hands them on."""

    def name(module: str) -> str:
        return f"{room(module)}-{height(module)}"

    graph: dict[str, set[str]] = {}
    for module, others in imports().items():
        graph.setdefault(name(module), set()).update(map(name, others))
    assert not circle({key: others - {key} for key, others in graph.items()})


@pytest.mark.parametrize("module", [name for name in imports() if name.startswith("formats.")])
def test_formats_are_pure(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text())
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert not names & IMPURE
    assert names <= sys.stdlib_module_names | {"appliance", "numpy"}
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "print", "input"}


def test_no_folder_has_more_than_25_modules() -> None:
    for folder in (*PACKAGE.rglob("*/"), PACKAGE):
        found = [file for file in folder.glob("*.py") if file.name != "__init__.py"]
        assert len(found) <= 25, folder


@pytest.mark.slow
def test_no_class_name_means_two_things() -> None:
    places: dict[str, list[str]] = {}
    for file in (*PACKAGE.rglob("*.py"), *(PROJECT / "image").rglob("*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(file.relative_to(PROJECT)))
    assert not {name: found for name, found in places.items() if len(found) > 1}
