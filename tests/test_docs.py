# SPDX-License-Identifier: MIT
"""What the documents name exists: links, headings, commands, units and paths."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from appliance import cli
from appliance.areas import commands
from tests.conftest import PROJECT

DOCUMENTS = sorted(
    path.relative_to(PROJECT) for path in (*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"))
)
COMMANDS = tuple(command.name for command in commands())
ALIASES = tuple(alias for command in commands() for alias in command.aliases)

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"^```[^\n]*\n(.*?)^```|`([^`\n]+)`", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
COMMAND = re.compile(r"\bglovebox (-?[a-z][a-z-]*)")
STAGE = re.compile(r"\./build\.sh ([a-z-]+)")
# A command line ends at a remark, a pipe, or where its output goes.
LINE = re.compile(r"(?:(?<![\w./-])glovebox|\./build\.sh) +[^\n]+")
CONTINUED = re.compile(r"\\\n\s*")
END = re.compile(r"\s(?:#|\||>|<|&&|\().*")
UNIT = re.compile(r"\bglovebox-[a-z-]+@?(?:\w*)\.(?:service|socket|path|timer)\b")
# AREA, NAME or X in a path stands for any name.
PATH = re.compile(r"(?<![\w./-])(?:appliance|image|systemd|config|tests|docs)/[\w./@*-]+")
PLACEHOLDER = re.compile(r"\bAREA(?=\b|[a-z])|\bNAME\b|\bX\b|(?<=_)X\b")


def text_of(document: Path) -> str:
    return (PROJECT / document).read_text(encoding="utf-8")


def code_in(document: Path) -> list[str]:
    """Return what stands in code blocks and between backticks."""
    return [block or span for block, span in CODE.findall(text_of(document))]


def anchors(document: Path) -> set[str]:
    """Return the names that a heading can be linked by, as GitHub makes them."""
    headings = HEADING.findall(FENCED.sub("", document.read_text(encoding="utf-8")))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


def stages() -> set[str]:
    """Return the commands that build.sh has."""
    script = (PROJECT / "build.sh").read_text(encoding="utf-8")
    return set(re.findall(r"^    ([a-z-]+)\)", script.partition("\ncase ")[2], re.MULTILINE))


def lines_in(document: Path) -> set[str]:
    """Return the command lines with arguments, but for those that leave something out."""
    code = (CONTINUED.sub("", each) for each in code_in(document))
    found = {END.sub("", line).strip() for each in code for line in LINE.findall(each)}
    return {line for line in found if len(line.split()) > 2 and " …" not in line}


def entry_of(stage: str) -> Callable[[Sequence[str]], int] | None:
    """Return what `./build.sh STAGE` runs; None if it hands its arguments on to something else."""
    script = (PROJECT / "build.sh").read_text(encoding="utf-8")
    module = re.search(
        rf'^    {stage}\) setup.* in_project -m ([\w.]+) "\$@"', script, re.MULTILINE
    )
    return importlib.import_module(module[1]).main if module else None


class Parsed(Exception):
    """The arguments fit."""


@pytest.fixture
def only_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every command end once it has read its arguments."""

    def ending(parse: Callable[..., object]) -> Callable[..., object]:
        def parsed(*arguments: object) -> object:
            parse(*arguments)
            raise Parsed

        return parsed

    for name in ("parse_args", "parse_intermixed_args"):
        ends = ending(getattr(argparse.ArgumentParser, name))
        monkeypatch.setattr(argparse.ArgumentParser, name, ends)


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
@pytest.mark.usefixtures("only_parsing")
def test_command_lines_can_be_read(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command line with arguments is one that the command itself takes; nothing is done."""
    for line in lines_in(document):
        program, command, *arguments = shlex.split(line)
        main = cli.main if program == "glovebox" else entry_of(command)
        if main is None:
            continue
        try:
            main([command, *arguments] if program == "glovebox" else arguments)
        except Parsed:
            continue
        except SystemExit as end:
            if end.code == 0 or is_name(line, capsys.readouterr().err):
                continue
        raise AssertionError(f"{document}: {line}")


def is_name(line: str, complaint: str) -> bool:
    """Tell whether a text names a command or an option, and leaves out what either takes."""
    last = line.split()[-1]
    names_option = last.startswith("--") and f"argument {last}: expected" in complaint
    return names_option or (len(line.split()) == 3 and "arguments are required" in complaint)


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    for link in LINK.findall(FENCED.sub("", text_of(document))):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (PROJECT / document.parent / path) if path else PROJECT / document
        assert target.exists(), f"{document}: {link}"
        assert not anchor or anchor in anchors(target), f"{document}: no heading for {link}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_commands_exist(document: Path) -> None:
    known = {*COMMANDS, *ALIASES, "--help", "--version"}
    named = {name for code in code_in(document) for name in COMMAND.findall(code)}
    assert named <= known, f"{document}: {sorted(named - known)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_stages_of_the_build_exist(document: Path) -> None:
    named = set(STAGE.findall(text_of(document)))
    assert named <= stages(), f"{document}: {sorted(named - stages())}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_paths_exist(document: Path) -> None:
    for path in {path for code in code_in(document) for path in PATH.findall(code)}:
        pattern = PLACEHOLDER.sub("*", path).rstrip("/.")
        assert any(PROJECT.glob(pattern)), f"{document}: {path}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_units_exist(document: Path) -> None:
    units = {path.name for path in (PROJECT / "systemd" / "system").iterdir()}
    for unit in {unit for code in code_in(document) for unit in UNIT.findall(code)}:
        template = re.sub(r"@\w+\.", "@.", unit)
        assert template in units, f"{document}: {unit}"


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_document_can_be_found(document: Path) -> None:
    if document == Path("README.md"):
        return
    linked = {
        (PROJECT / other.parent / link.partition("#")[0]).resolve()
        for other in DOCUMENTS
        if other != document
        for link in LINK.findall(text_of(other))
    }
    assert (PROJECT / document).resolve() in linked, f"nothing links to {document}"


def test_the_fleets_dashboard_asks_for_figures_that_there_are() -> None:
    board = json.loads((PROJECT / "docs/owner/fleet-dashboard.json").read_text())
    asked = " ".join(each["expr"] for panel in board["panels"] for each in panel["targets"])
    names = set(re.findall(r"glovebox_\w+", asked))
    known = text_of(PROJECT / "docs/developer/api.md")
    assert len(names) >= 10 and {name for name in names if f"`{name}`" not in known} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_documented(command: str) -> None:
    documents = (text_of(document) for document in DOCUMENTS)
    assert any(f"glovebox {command}" in text for text in documents)
