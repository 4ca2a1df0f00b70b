# SPDX-License-Identifier: MIT
"""`glovebox config`: check the settings as the card does, or show the ones in force."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from appliance.errors import ConfigError
from appliance.settings import closed_page, config, owner_file, remarks, tomlwords
from appliance.settings.examine import Examined, examine
from appliance.settings.mistakes import strays


def main(argv: Sequence[str]) -> int:
    """Check or show the configuration: exit 0 when every file is right, 78 otherwise."""
    parser = argparse.ArgumentParser(
        prog="glovebox config", description="Check the settings, or show the ones in force."
    )
    parser.add_argument("action", choices=("check", "show"))
    parser.add_argument(
        "files", nargs="*", type=Path, help=f"instead of {', '.join(map(str, config.FILES))}"
    )
    arguments = parser.parse_args(argv)
    settings, errors = config.load(arguments.files or config.FILES)
    problems = _checked(arguments.files) if arguments.files else [str(error) for error in errors]
    for problem in problems:
        print(f"glovebox config: {problem}")
    if arguments.action == "show":
        print(json.dumps(config.shown(settings), indent=2, default=str))
    return ConfigError.exit_status if problems else 0


def _checked(files: Sequence[Path]) -> list[str]:
    """Return what the card would say of each file, laid over those before it."""
    problems: list[str] = []
    below: dict[str, dict[str, object]] = {}
    for file in files:
        try:
            with file.open("rb") as stream:
                content = stream.read(tomlwords.LARGEST_FILE + 1)
        except OSError as error:
            problems.append(f"{file}: {error.strerror}")
            continue
        # On a card it would not be read at all under such a name.
        named = strays.strays([file.name], {strays.SETTINGS: ""})
        problems += [f"{file}{problem.removeprefix(file.name)}" for problem in named]
        found = examine(content, str(file), below)
        problems += [*found.problems, *_remarks(found, file, below)]
        problems += _closed(content, found, file, below)
        below |= found.tables
    if not problems:
        _, errors = config.load(files)
        problems += map(str, errors)
    return problems


def _closed(
    content: bytes, found: Examined, file: Path, below: dict[str, dict[str, object]]
) -> list[str]:
    web = {**below, **found.tables, **found.guards}.get("web", {})
    if web.get("password") or web.get("password_hash"):
        return []
    name = owner_file.NAME
    wrong = [f"{name}: {problem}" for problem in found.problems]
    objection = closed_page.objection({name: content}, wrong)
    return [objection.replace(name, str(file), 1)] if objection else []


def _remarks(found: Examined, file: Path, below: dict[str, dict[str, object]]) -> list[str]:
    return remarks.remarks(config.build({**below, **found.tables}), str(file))
