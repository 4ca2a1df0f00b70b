# SPDX-License-Identifier: MIT
"""`glovebox reset`: delete what the owner wants deleted, before anything uses it.

An empty file `reset` on BOOT, or the page's note on DATA, asks for it. Runs early at the start, so
nothing holds a copy; the journal is in memory and gone already. The request is deleted last: after
a power cut in between, the next start does it again.
"""

from __future__ import annotations

import argparse
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import files, service
from appliance.ids.engine import OWNER_RULES
from appliance.intel.card_lists import CARD
from appliance.requests import EVERYTHING, PERSONAL
from appliance.ruleset import rules_text
from appliance.service import Running
from appliance.settings import boot_open, imager, owner_file, report

# Windows hides how the name of a file ends; capitals make no difference on a FAT.
ASKING = ("reset", "reset.txt")
NOTE = Path("web/erase")
# What tells of people: alerts, leases, devices and their names, who was blocked, flows, what
# routers and honeypots logged, what is still to be told, who logged in, marks and notes.
OF_PEOPLE = tuple(
    Path(part)
    for part in (
        *("alerts", "blocking", "devices", "device-names", "dhcp", "evidence", "flows"),
        *("flowstore", "logs", "notify"),
        *("web/log-ins.json", "web/marks"),
    )
)
KEPT_BY_MKFS = "lost+found"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ErasedPlaces:
    """Where it is, and the settings that an image comes with."""

    boot: Path = Path("/boot/firmware")
    data: Path = Path("/var/lib/glovebox")
    defaults: Path = Path("/usr/share/glovebox/glovebox.toml")


def wanted(places: ErasedPlaces) -> str | None:
    """Return what is to be deleted: EVERYTHING, PERSONAL, or None."""
    if any((places.boot / name).exists() for name in ASKING):
        return EVERYTHING
    try:
        with (places.data / NOTE).open("rb") as stream:
            found = stream.read(32).decode("ascii", "replace").strip()
    except OSError:
        return None
    return found if found in (EVERYTHING, PERSONAL) else None


def erase(what: str, places: ErasedPlaces) -> list[str]:
    """Delete it; return what went wrong, in which case the request stands. Raises nothing."""
    problems: list[str] = []
    doomed = _all(places.data) if what == EVERYTHING else (places.data / part for part in OF_PEOPLE)
    for place in doomed:
        problems += _delete(place)
    if what == EVERYTHING:
        problems += _forget_settings(places)
    if not problems:
        problems += _delete(places.data / NOTE)
        for name in ASKING:
            problems += _delete(places.boot / name)
    return problems


def _all(data: Path) -> Iterator[Path]:
    """Yield what DATA holds, but for the request and the folder on the way to it."""
    for place in sorted(data.iterdir()):
        if place.name == NOTE.parts[0] and place.is_dir() and not place.is_symlink():
            yield from (inner for inner in sorted(place.iterdir()) if inner.name != NOTE.name)
        elif place.name != KEPT_BY_MKFS:
            yield place


def _forget_settings(places: ErasedPlaces) -> list[str]:
    problems: list[str] = []
    of_owner = (OWNER_RULES[0].name, CARD.name, rules_text.NAME)
    for name in (report.NAME, *of_owner, *imager.NAMES):
        problems += _delete(places.boot / name)
    try:
        files.write_durable(places.boot / owner_file.NAME, places.defaults.read_bytes(), 0o600)
    except OSError as error:
        problems.append(f"{owner_file.NAME}: {error.strerror}")
    return problems


def _delete(place: Path) -> list[str]:
    """Delete a file, or a folder with all in it; links are deleted, not followed."""
    try:
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
            files.sync(place.parent)
        elif place.parent.is_dir():
            files.remove(place)
    except OSError as error:
        return [f"{place.name}: {error.strerror}"]
    return []


def main(argv: Sequence[str]) -> int:
    """Delete what is asked for; exit status 1 where something could not be deleted."""
    parser = argparse.ArgumentParser(
        prog="glovebox reset",
        description="Delete what a file `reset` on BOOT, or the page, asks for (service).",
    )
    return service.run("reset", parser, argv, _act, settings=False, once=True)


def _act(running: Running) -> int:
    places = ErasedPlaces()
    what = wanted(places)
    if what is None:
        return 0
    with boot_open.opened(places.boot):
        problems = erase(what, places)
    for problem in problems:
        log.error("not deleted: %s", problem)
    log.warning("deleted, as the owner wished: %s", what)
    return int(bool(problems))
