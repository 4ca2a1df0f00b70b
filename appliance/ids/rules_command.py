# SPDX-License-Identifier: MIT
"""`glovebox rules`: say of files of rules what the device will say of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from appliance import requests
from appliance.errors import InputError
from appliance.ids import engines, trial
from appliance.ids.engine import DIRECTORY, ENGINE_ROOT, TEMPLATES
from appliance.reports.rules import RulesReport
from appliance.ruleset import owner_files, owner_rules, rules_text
from appliance.ruleset.owner_files import Problem
from appliance.ruleset.owner_rules import Checker, Gathered
from appliance.settings import config, writeback
from appliance.settings.config import Config

PROJECT = Path(__file__).resolve().parent.parent.parent

DESCRIPTION = """\
Say which rules of these files would be in force, and why the others would not. A folder stands for
what would be read of it. Where the engine is at hand (on the device, or after `./build.sh` made its
root), it judges them itself; otherwise only what can be known without it is said."""
EPILOG = """\
exit status: 0 all would be in force; 1 something would be left out; 2 bad usage, or a file that
cannot be read."""


def main(argv: Sequence[str]) -> int:
    """Check files of rules, or write what became of the owner's to BOOT (service)."""
    parser = _parser()
    arguments = parser.parse_intermixed_args(argv)
    if arguments.action == "write-back":
        return writeback.main(DIRECTORY / rules_text.OUTBOX, requests.BOOT)
    if not arguments.files:
        parser.error("name the files to check")
    told = check(arguments.files, _settings(arguments.engine), arguments.root)
    print("\n".join(told.lines()))
    if told.is_empty:
        print("Nothing in these files is a rule: every line is empty, or a remark (#).")
    return 1 if told.left_out_count or told.passed_over else 0


def check(files: Sequence[Path], settings: Config, root: Path | None) -> RulesReport:
    """Return what the device would publish of these files. Raises InputError."""
    engine = engines.chosen(settings)
    if engine is None:
        raise InputError("these settings have no engine; name one with --engine")
    name = settings.ids.engine
    root, folder = root or _root(name), _templates() / name
    given = _given(files, engine.checker(folder, root))
    if root is None:
        told = trial.report(engine, given, None)
        return replace(told, trouble=f"it is not on this machine (./build.sh image --ids {name})")
    settled = trial.Trial(engine, settings, folder, root).judge(given)
    return trial.report(engine, trial.in_force(given, settled), settled)


def _given(files: Sequence[Path], checker: Checker) -> Gathered:
    found = owner_files.FoundFiles()
    for file in files:
        if not os.path.lexists(file):
            raise InputError(f"{owner_files.shown(file)}: there is no such file")
        if file.is_dir():
            inside = owner_files.find([file])
            found.files += inside.files
            found.problems += inside.problems
            found.passed_over += inside.passed_over
        elif file.name.lower().endswith(".rules"):
            found.files.append(file)
        else:
            found.files.append(file)
            found.passed_over.append(
                f"{owner_files.shown(file.name)}: read here; on the device its name must end in"
                " .rules"
            )
    gathered = owner_rules.collect(found.files, checker)
    problems: list[Problem] = [*found.problems, *gathered.problems]
    return Gathered(gathered.lines, problems, found.passed_over)


def _settings(engine: str | None) -> Config:
    settings, _ = config.load()
    return config.build({"ids": {"engine": engine}}) if engine else settings


def _root(name: str) -> Path | None:
    """Return the engine's root that is at hand: the device's, or the one of a build."""
    inside = {"snort": "usr/sbin/snort", "suricata": "usr/bin/suricata"}[name]
    for root in (ENGINE_ROOT, PROJECT / "build" / f"engine-{name}"):
        if (root / inside).is_file():
            return root.resolve()
    return None


def _templates() -> Path:
    return TEMPLATES if TEMPLATES.is_dir() else PROJECT / "config"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox rules",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("action", choices=("check", "write-back"), metavar="check", help="what to do")
    add("files", nargs="*", type=Path, metavar="FILE", help="a file of rules, or a folder of them")
    add("--engine", choices=sorted(engines.ENGINES), help="instead of the engine of the settings")
    add("--root", type=Path, help="the engine's root, instead of looking for one")
    return parser
