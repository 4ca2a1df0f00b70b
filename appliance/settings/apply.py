# SPDX-License-Identifier: MIT
"""`glovebox settings`: read what the owner wrote on BOOT, hand it on to the system.

Runs once, before the network. Whatever BOOT holds, the last good settings or the defaults stand,
and what is wrong is published and written back (`appliance.settings.writeback`).
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import files, service
from appliance.amending import overlay, start
from appliance.amending.start import StartedWith
from appliance.host import disksignature
from appliance.probation import in_force
from appliance.probation.policy import SECTIONS
from appliance.reports import statusfile
from appliance.service import Running
from appliance.settings import closed_page, config, imager, owner_file, report, writeback
from appliance.settings.examine import chunks
from appliance.settings.findings import Tables, merged, usable
from appliance.settings.mistakes import strays
from appliance.settings.password_hash import NOBODY, hashed_password
from appliance.settings.plan import OPTIONAL, SECRETS, Plan, plan, public
from appliance.settings.tomlwords import LARGEST_FILE
from appliance.settings.writeback import COMMAND_LINES

NETWORK = Path("/run/systemd/network/80-wired.network.d/50-settings.conf")
KEPT, IMAGER = "glovebox.toml", "imager.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SettingsPlaces:
    """Where to read and write, and whether BOOT and DATA are really there."""

    boot: Path = Path("/boot/firmware")
    data: Path = Path("/var/lib/glovebox")
    run: Path = Path("/run/glovebox-settings")
    network: Path = NETWORK
    status: Path = statusfile.RUNTIME_DIRECTORY
    # A machine without one is emulated, and no stick there is a card of the same image.
    device_tree: Path = Path("/proc/device-tree")
    boot_mounted: bool = True
    data_mounted: bool = True

    @property
    def kept(self) -> Path:
        return self.data / "settings"

    @property
    def page(self) -> Path:
        return self.data / overlay.FOLDER.name

    @property
    def accepted(self) -> Path:
        return self.data / "accepted" / config.ACCEPTED.name

    @property
    def outbox(self) -> Path:
        return self.run / "outbox"


@dataclass
class Applied:
    """What is wrong, what has no use, and what BOOT should hold in the place of what it holds."""

    problems: list[str]
    notes: list[str]
    rewrites: dict[str, bytes]


def main(argv: Sequence[str]) -> int:
    """Apply the settings, or write back to BOOT. A broken file is no failure of this command."""
    parser = argparse.ArgumentParser(
        prog="glovebox settings",
        description="Hand the owner's settings on to the system (service, once at each start).",
    )
    parser.add_argument(
        "--write-back", type=Path, nargs="?", const=SettingsPlaces().outbox, metavar="OUTBOX",
        help="write what waits there to BOOT (default: what is wrong, and files without secrets)",
    )  # fmt: skip
    return service.run("settings", parser, argv, _act, settings=False, once=True)


def _act(running: Running) -> int:
    if running.arguments.write_back:
        return writeback.main(running.arguments.write_back, SettingsPlaces().boot)
    apply(
        SettingsPlaces(
            boot_mounted=os.path.ismount(SettingsPlaces.boot),
            data_mounted=os.path.ismount(SettingsPlaces.data),
        )
    )
    return 0


def apply(places: SettingsPlaces) -> Applied:
    """Read BOOT and DATA, write what the system reads, and prepare what goes back to BOOT."""
    outcome = Applied([], [], {})
    given = _read_boot(places, outcome)
    below = _imager(places, given, outcome)
    last = _last_network(places, below)
    tables = merged(below, _owner(places, given, below, outcome))
    page = _page(places, tables, outcome)
    tables = _closed(page.tables, given, outcome)
    text = _network_text(given.get(owner_file.NAME)) + overlay.network_text(page.entries, SECTIONS)
    tables = _on_trial(tables, last, text, places, outcome)
    _drop_choice(tables, places, outcome)
    write(plan(config.build(tables), tables), places)
    if places.boot_mounted:
        _prepare(places, given, outcome)
    for problem in outcome.problems:
        log.warning("%s", problem)
    for note in outcome.notes:
        log.info("%s", note)
    values = {"problems": outcome.problems, "notes": outcome.notes}
    statusfile.publish("settings", values, places.status)
    page.report.publish(places.status)
    return outcome


def _read_boot(places: SettingsPlaces, outcome: Applied) -> Mapping[str, bytes]:
    """Return the files on BOOT that mean something to us; one over the limit is cut behind it."""
    if not places.boot_mounted:
        outcome.problems.append(
            "the BOOT partition cannot be read; the previous settings stay in force"
        )
        return {}
    outcome.problems += _strays(places.boot)
    given = {}
    for name in (owner_file.NAME, report.NAME, *imager.NAMES):
        try:
            with (places.boot / name).open("rb") as stream:
                given[name] = stream.read(LARGEST_FILE + 1)
        except FileNotFoundError:
            continue
        except OSError as error:
            outcome.problems.append(f"{name}: {error.strerror}")
    return given


def _strays(boot: Path) -> list[str]:
    with contextlib.suppress(OSError):
        known = {owner_file.NAME: "", **dict.fromkeys(imager.NAMES, ""), **imager.FOREIGN}
        return list(strays.strays(os.listdir(boot), known))
    return []


def _imager(places: SettingsPlaces, given: Mapping[str, bytes], outcome: Applied) -> Tables:
    """Take over what Imager wrote; its secrets leave BOOT only when DATA has them."""
    before = _taken_over_before(places.kept / IMAGER)
    files = {name: given[name] for name in imager.NAMES if name in given}
    found = imager.take_over(files, before)
    tables = owner_file.without_clear_password(found.tables, hashed_password)
    outcome.problems += found.problems
    outcome.notes += found.notes
    if found.digest != before.digest:
        kept = imager.TakenOver(tables, found.problems, found.notes, digest=found.digest)
        if _keep(places, IMAGER, kept.to_json().encode(), outcome):
            outcome.rewrites |= found.rewrites
    return tables


def _taken_over_before(file: Path) -> imager.TakenOver:
    try:
        before = imager.TakenOver.from_json(file.read_text(encoding="utf-8"))
        tables, problems = usable(before.tables)
    except (OSError, ValueError, KeyError, TypeError):
        return imager.TakenOver()
    # What cannot be used any more takes nothing with it: it is no longer in Imager's files.
    problems = [problem for problem in problems if problem not in before.problems]
    return dataclasses.replace(before, tables=tables, problems=(*before.problems, *problems))


def _owner(
    places: SettingsPlaces, given: Mapping[str, bytes], below: Tables, outcome: Applied
) -> Tables:
    kept = None
    with contextlib.suppress(OSError):
        kept = (places.kept / KEPT).read_bytes()
    found = owner_file.judge(given.get(owner_file.NAME), kept, below, hashed_password)
    outcome.problems += found.problems
    if found.keep is not None and found.keep != kept:
        _keep(places, KEPT, found.keep, outcome)
    if found.rewrite is not None:
        outcome.rewrites[owner_file.NAME] = found.rewrite
    return found.tables


def _page(places: SettingsPlaces, tables: Tables, outcome: Applied) -> StartedWith:
    """Lay what the owner changed on the page over what the card says."""
    record = places.kept / start.RECORD
    page = start.lay_over_card(
        tables, public(tables), places.page, record,
        lambda content: _keep(places, record.name, content, outcome),
    )  # fmt: skip
    outcome.problems += page.problems
    return page


def _closed(tables: Tables, given: Mapping[str, bytes], outcome: Applied) -> Tables:
    """Keep the page closed where its password was given, and is none."""
    if tables.get("web", {}).get("password_hash"):
        return tables
    objection = closed_page.objection(given, outcome.problems)
    if objection is None:
        return tables
    outcome.problems.append(objection)
    return merged(tables, {"web": {"password_hash": NOBODY}})


def _last_network(places: SettingsPlaces, below: Tables) -> Tables:
    """Return the network settings of the last start; none at the first."""
    with contextlib.suppress(OSError):
        kept = (places.kept / KEPT).read_bytes()
        return merged(below, owner_file.judge(None, kept, below, hashed_password).tables)
    return {}


def _on_trial(
    tables: Tables,
    last: Tables,
    text: str,
    places: SettingsPlaces,
    outcome: Applied,
) -> Tables:
    """Return the settings with the network that is in force; a new one is on trial."""
    places.run.mkdir(exist_ok=True)
    at = in_force.ProbationPlaces(places.kept, places.data / "probation", places.run)
    at.on_trial.unlink(missing_ok=True)
    if not places.data_mounted:
        return tables
    found = in_force.choose(
        tables,
        last,
        text,
        at,
        lambda record: _keep(places, at.record.name, record, outcome),
    )
    outcome.problems += found.problems
    return found.tables


def _network_text(content: bytes | None) -> str:
    """Return the sections of the network as the owner wrote them; empty where there is no file."""
    parts = chunks((content or b"").decode("utf-8", "replace"))
    lines = [
        line.rstrip()
        for chunk in parts
        if chunk.name in SECTIONS
        for line in chunk.text.splitlines()
    ]
    return "\n".join(lines)


def _drop_choice(tables: Tables, places: SettingsPlaces, outcome: Applied) -> None:
    """Let the routers that the card lists take the place of those accepted on the page."""
    if not tables.get("capture", {}).get("routers"):
        return
    try:
        if places.accepted.exists():
            files.remove(places.accepted)
    except OSError as error:
        outcome.problems.append(f"what the page accepted cannot be removed: {error.strerror}")


def _keep(places: SettingsPlaces, name: str, content: bytes, outcome: Applied) -> bool:
    """Write to DATA; tell whether the content is there for good."""
    try:
        places.kept.mkdir(mode=0o700, exist_ok=True)
        files.write_durable(places.kept / name, content, 0o600)
    except OSError as error:
        outcome.problems.append(f"settings cannot be kept on the card: {error.strerror}")
        return False
    if not places.data_mounted:
        outcome.problems.append("settings cannot be kept: the DATA partition is not there")
    return places.data_mounted


def write(result: Plan, places: SettingsPlaces) -> None:
    """Write the planned files, each whole or not at all."""
    places.run.mkdir(exist_ok=True)
    (places.run / SECRETS).mkdir(mode=0o700, exist_ok=True)
    for name, file in result.files.items():
        files.write_whole(places.run / name, file.text, file.mode)
    link = places.run / "localtime.new"
    link.unlink(missing_ok=True)
    link.symlink_to(result.localtime)
    link.replace(places.run / "localtime")
    if result.wired:
        files.write_whole(places.network, result.wired, 0o644)
    else:
        places.network.unlink(missing_ok=True)
    # Of what was in force before, where this is not the first time since the start.
    for name in OPTIONAL - result.files.keys():
        (places.run / name).unlink(missing_ok=True)


def _prepare(places: SettingsPlaces, given: Mapping[str, bytes], outcome: Applied) -> None:
    """Lay out what BOOT should hold; an empty file stands for one to be removed."""
    shutil.rmtree(places.outbox, ignore_errors=True)
    places.outbox.mkdir()
    text = report.text(outcome.problems)
    if places.device_tree.exists():
        outcome.rewrites |= _own_signature(places.boot)
    for name, content in {**outcome.rewrites, report.NAME: text}.items():
        if content != given.get(name, b""):
            files.write_whole(places.outbox / name, content, 0o600)


def _own_signature(boot: Path) -> dict[str, bytes]:
    """Return the kernel's command lines for a card that has not yet a signature of its own.

    The signature itself follows (`appliance.settings.cardsignature`).
    """
    shared, own = f"PARTUUID={disksignature.SHARED}-", f"PARTUUID={disksignature.random()}-"
    rewrites = {}
    for name, place in COMMAND_LINES.items():
        try:
            with (boot / place).open("rb") as stream:
                before = stream.read(LARGEST_FILE)
        except OSError:
            continue
        after = before.replace(shared.encode(), own.encode())
        if after != before:
            rewrites[name] = after
    return rewrites
