# SPDX-License-Identifier: MIT
"""Suricata: what it reads when it starts, and how its alerts and its own figures are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from appliance.host import address_pairs
from appliance.ids import eve_statistics, rules
from appliance.ids.engine import Complaints, EngineCount, TestRun
from appliance.ids.eve_spool import STATISTICS, EveSpool
from appliance.ids.handover import Handover
from appliance.ids.rules import Key, Standing
from appliance.ids.templates import (
    fill,
    home_networks,
    inspector_name,
    inspectors_of,
    interface_of,
    read,
)
from appliance.ruleset import filters, owner_rules
from appliance.ruleset.filters import FilterLine, Forms
from appliance.ruleset.owner_rules import Checker, Entry, Gathered, Language
from appliance.settings.config import Config

TITLE = "Suricata"
FORMS = Forms(
    suppress=("by_src", "by_dst", "by_either"),
    event_filter=("by_src", "by_dst", "by_both", "by_rule"),
    rate_filter=("by_src", "by_dst", "by_both", "by_rule"),
    excludes=False,
    unlimited=False,
    applies=False,
)
# What it does not know of a rule it says itself, and goes on without that rule.
LANGUAGE = Language("Suricata", largest=16 << 20, forms=FORMS, tabs=False, one_limit=True)
TEST_RUN = TestRun("suricata", ("-T", "-c", "@/suricata.yaml", "-l", "@/spool"), names_all=True)

# Bytes: of a packet that Suricata keeps room for, and of the longest frame with two tags. A filter
# cuts frames to what there is room for (Suricata's AFPSetBPFFilter).
USUAL_FRAME, LONGEST_FRAME = 1538, 65535 + 14 + 2 * 4
# Each has a number among sockets of its own.
CLUSTER = 99

_PACKAGED = "etc/suricata/rules"
_VARIABLE = re.compile(r"^ {4}([A-Z_]+):", re.MULTILINE)
_REFUSED = re.compile(r" from file \S*rules/owner\.rules at line (\d+)$")
_PREFIX = re.compile(r"^(?:E|Error): [\w-]+: ")
_LAST = "Loading signatures failed"


def configuration(
    settings: Config,
    folder: Path,
    given: Gathered,
    tried: bool = False,
    ignore_checksums: bool = False,
    sets: Sequence[str] = (),
) -> dict[str, str]:
    """Return the files that Suricata starts with, by name. Raises ConfigError, InputError."""
    ours, count = read(folder / "threshold.config"), inspectors_of(settings)
    wanted = [text for _, text in owner_rules.written(given.lines, FORMS)[1]]
    values = {
        "HOME_NETWORKS": home_networks(settings.ids.home_networks),
        "CHECKSUM_MODE": "none" if ignore_checksums else "all",
        "CHECKSUMS_HEEDED": "no" if ignore_checksums else "yes",
        "RULE_SETS": "".join(f"\n  - {name}" for name in sets if name.endswith(".rules")),
        "PACKET_BYTES": str(LONGEST_FRAME if count > 1 else USUAL_FRAME),
        "EACH_COUNTS": "yes" if count > 1 else "no",
    }
    values["INSPECTORS"] = _inspectors(read(folder / "inspector.yaml"), settings, values)
    return {
        "rules/local.rules": read(folder / "local.rules"),
        "rules/owner.rules": owner_rules.text(entries(given), given.lines),
        "threshold.config": ours + _lines([*filters.guard(given.filters), *wanted]),
        "suricata.yaml": fill(read(folder / "suricata.yaml"), values),
        "start": _start(read(folder / "start.sh"), count),
    }


def _start(template: str, count: int) -> str:
    values = {"INSPECTORS": str(count), "FRAMES_PER_MB": "512" if count == 1 else "8"}
    return fill(template, values)


def _inspectors(template: str, settings: Config, values: Mapping[str, str]) -> str:
    """Return the part of suricata.yaml that names each inspector."""
    count = inspectors_of(settings)
    found = []
    for number, frames in enumerate(address_pairs.filters(count)):
        given = {
            "NAME": inspector_name(interface_of(settings), number, count),
            "FILTER": f'\n    bpf-filter: "{frames}"' if frames else "",
            "CLUSTER": str(CLUSTER - number),
        }
        found.append("\n" + fill(template, {**values, **given}).rstrip("\n"))
    return "".join(found)


def checker(folder: Path, root: Path | None) -> Checker:
    """Return what judges the owner's lines for Suricata. Raises InputError."""
    return Checker(
        language=LANGUAGE,
        variables=_VARIABLE.findall(read(folder / "suricata.yaml")),
        classifications=[],
        standing=lambda: _standing(folder, root),
    )


def _standing(folder: Path, root: Path | None) -> dict[Key, Standing]:
    """Return our rules and those of the package."""
    packaged = sorted((root / _PACKAGED).glob("*.rules")) if root else []
    files = (folder / "local.rules", *packaged)
    return {key: rule for file in files for key, rule in rules.standing(read(file)).items()}


def entries(given: Gathered) -> list[Entry]:
    """Return what is written into owner.rules: the rules."""
    return owner_rules.written(given.lines, FORMS)[0]


def changed(line: FilterLine) -> str | None:
    """Return nothing: Suricata has every form."""
    return None


def complaints(said: str) -> Complaints:
    """Understand its errors: what is wrong, and behind it the line that it is wrong with."""
    found, reasons = dict[int, str](), list[str]()
    for line in said.splitlines():
        if match := _REFUSED.search(line):
            found[int(match[1])] = "; ".join(reasons) or "refused"
            reasons.clear()
        elif _PREFIX.match(line) and _LAST not in line:
            reasons.append(_PREFIX.sub("", line))
    return Complaints(found, "; ".join(reasons))


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{text}\n" for text in texts)


def handover(spool: Path, directory: Path, root: Path) -> Handover:
    """Return Suricata's alerts, which come with their names."""
    return EveSpool(spool)


def count(spool: Path) -> EngineCount:
    """Return Suricata's newest figures. Raises OSError, ValueError."""
    return eve_statistics.newest(spool / STATISTICS)
