# SPDX-License-Identifier: MIT
"""The form of a row of the table of areas: what belongs to a subject of the owner's manual.

Whatever is code is a name, as `module:attribute`, and is loaded when it is wanted.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Command:
    """`glovebox NAME`: its module, which has `main(argv)`, one line of help, and older names."""

    name: str
    module: str
    help: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Watched:
    """A unit that the supervisor looks at.

    `called` is what the owner calls it, empty for one that does not come back by itself; `ladder`
    are the units that are restarted for it, one after the other; `lively`: it publishes nothing,
    but does something each second.
    """

    unit: str
    called: str = ""
    ladder: tuple[str, ...] = ()
    lively: bool = False


@dataclass(frozen=True, slots=True)
class OpenPort:
    """A port that the firewall opens to all neighbours, where the setting `needs` says something.

    Of one source at most `at_once` connections are let in, and `a_second` new ones; 0: any number.
    """

    number: int
    protocol: str
    what: str
    needs: str = ""
    at_once: int = 0
    a_second: int = 0


@dataclass(frozen=True, slots=True)
class Places:
    """Where the areas' published facts lie: the status files, and the alerts."""

    runtime: Path
    database: Path


@dataclass(frozen=True, slots=True)
class Area:
    """One row: `name` is that of folder, unit, user, status file and command.

    `sections` are those of the settings, `reports` the classes of its status files, `checks` its
    part of the table of checks, `metrics` what it adds to /metrics.
    """

    name: str
    title: str
    sections: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    watched: tuple[Watched, ...] = ()
    ports: tuple[OpenPort, ...] = ()
    reports: tuple[str, ...] = ()
    checks: str = ""
    metrics: str = ""


def load(name: str) -> Any:
    """Return the attribute that `module:attribute` names; imports the module."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)
