# SPDX-License-Identifier: MIT
"""Suricata: what it reads when it starts, and how its alerts and its own figures are read."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from appliance.ids import eve_statistics, owner_rules, rules
from appliance.ids.engine import EngineCount
from appliance.ids.eve_spool import STATISTICS, EveSpool
from appliance.ids.handover import Handover
from appliance.ids.owner_rules import Checker, Language
from appliance.ids.templates import fill, home_networks, interface_of, read
from appliance.settings.config import Config

log = logging.getLogger(__name__)

TITLE = "Suricata"
# What it does not know of a rule it says itself, and goes on without that rule.
LANGUAGE = Language("Suricata", largest=16 << 20)

_PACKAGED = "etc/suricata/rules"
_VARIABLE = re.compile(r"^ {4}([A-Z_]+):", re.MULTILINE)


def configuration(
    settings: Config, folder: Path, root: Path, owner_directories: Sequence[Path]
) -> dict[str, str]:
    """Return the files that Suricata starts with, by name.

    What the owner's rules cannot keep is logged. Raises ConfigError, InputError.
    """
    template = read(folder / "suricata.yaml")
    local = read(folder / "local.rules")
    accepted = _owner_lines(template, local, root, owner_directories)
    filters = [line for line in accepted if owner_rules.is_filter(line)]
    values = {"HOME_NETWORKS": home_networks(settings.ids.home_networks)}
    return {
        "rules/local.rules": local,
        "rules/owner.rules": _lines(line for line in accepted if line not in filters),
        "threshold.config": read(folder / "threshold.config") + _lines(filters),
        "suricata.yaml": fill(template, values),
        "start": fill(read(folder / "start.sh"), {"INTERFACE": interface_of(settings)}),
    }


def _owner_lines(template: str, local: str, root: Path, directories: Sequence[Path]) -> list[str]:
    found = owner_rules.files(directories)
    if not found:
        return []
    packaged = [read(file) for file in sorted((root / _PACKAGED).glob("*.rules"))]
    classes = rules.classifications(read(root / "etc/suricata/classification.config"))
    checker = Checker(
        language=LANGUAGE,
        variables=_VARIABLE.findall(template),
        classifications=[name for name, _ in classes],
        taken={key for text in (local, *packaged) for key in rules.messages(text)},
    )
    accepted, problems = owner_rules.collect(found, checker)
    for problem in problems:
        log.error("%s", problem)
    return accepted


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{text}\n" for text in texts)


def handover(spool: Path, directory: Path, root: Path) -> Handover:
    """Return Suricata's alerts, which come with their names."""
    return EveSpool(spool)


def count(spool: Path) -> EngineCount:
    """Return Suricata's newest figures. Raises OSError, ValueError."""
    return eve_statistics.newest(spool / STATISTICS)
