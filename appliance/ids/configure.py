# SPDX-License-Identifier: MIT
"""`glovebox ids-config`: write what the engine starts with, or wait until it has started."""

from __future__ import annotations

import argparse
import contextlib
import errno
import logging
import pwd
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from appliance import files, service
from appliance.errors import DiskFullError, InputError, PrivilegeError
from appliance.ids import engines, marker, sniffers, templates, trial
from appliance.ids.engine import DIRECTORY, ENGINE_ROOT, OWNER_RULES, TEMPLATES, USER, Engine
from appliance.reports.checksums import ChecksumsReport, EngineChecksumsReport
from appliance.reports.rules import RulesReport
from appliance.ruleset import owner_files, owner_rules, rules_text, set_places
from appliance.ruleset.owner_rules import Gathered
from appliance.ruleset.set_places import SetPlaces
from appliance.service import Running
from appliance.settings import config
from appliance.settings.config import Config

log = logging.getLogger(__name__)

DEADLINE_S = 100.0
# The unit starts the engine only where this is; it is written last.
START = "start"

DESCRIPTION = """\
Write the engine's configuration and rules for the settings in force; or, with --wait-listening,
wait until the engine takes the frames of the sniffing interface."""
EPILOG = """\
exit status: 0 done; 2 bad usage or a template that cannot be read; 3 nothing listens in time;
4 the files may not be written; 7 no space for them; 78 a setting that the engine cannot have."""


def main(argv: Sequence[str]) -> int:
    """Render the configuration, or wait until the engine listens; `--help` tells the statuses."""
    return service.run("ids-config", _parser(), argv, _render, once=True, instead=_waited)


def _waited(arguments: argparse.Namespace) -> int | None:
    if not arguments.wait_listening:
        return None
    deadline = time.monotonic() + arguments.seconds
    # What is wrong with the settings is in the journal since they were rendered.
    interface = templates.interface_of(config.load()[0])
    sniffers.wait_until_listening(interface, _uid(arguments.user), deadline)
    return 0


def _render(running: Running) -> int:
    settings, arguments = running.settings, running.arguments
    engine = engines.chosen(settings)
    if engine is None:
        _withdraw(arguments.directory)
        return 0
    folder = arguments.templates / settings.ids.engine
    places = arguments.owner_rules or OWNER_RULES
    gathered = owner_rules.gather(places, engine.checker(folder, arguments.root))
    gathered.passed_over += owner_files.beside(places)
    given, told = _judged(engine, settings, arguments, gathered)
    checksums = _checksums()
    texts = _files(engine, settings, arguments, given, told.tried, checksums.ignored)
    _write_all(arguments.directory, texts)
    running.publisher.publish(checksums)
    _tell(running, told)
    return 0


def _checksums() -> EngineChecksumsReport:
    """Return what the engine is to do, by what the receiver has found; heed them, without it."""
    found = ChecksumsReport.read()
    return EngineChecksumsReport(found is not None and found.ignored)


def _judged(
    engine: Engine, settings: Config, arguments: argparse.Namespace, gathered: Gathered
) -> tuple[Gathered, RulesReport]:
    settled = None
    if gathered.lines:
        folder = arguments.templates / settings.ids.engine
        settled = trial.Trial(engine, settings, folder, arguments.root).judge(gathered)
        gathered = trial.in_force(gathered, settled)
    return gathered, trial.report(engine, gathered, settled)


def _files(
    engine: Engine,
    settings: Config,
    arguments: argparse.Namespace,
    given: Gathered,
    tried: bool,
    ignore_checksums: bool,
) -> dict[str, str]:
    scripts = {
        name: templates.read(arguments.templates / "ids" / f"{name}.sh")
        for name in ("listening", "counted")
    }
    folder = arguments.templates / settings.ids.engine
    interface = {"INTERFACE": templates.interface_of(settings)}
    place = set_places.folder_of(arguments.rule_sets, settings.ids.engine, arguments.root)
    sets = SetPlaces(place, arguments.set_on_trial).engine_files()
    texts = engine.configuration(settings, folder, given, tried, ignore_checksums, sets)
    start = texts.pop(START)
    filled = {name: templates.fill(text, interface) for name, text in scripts.items()}
    return {**filled, **texts, START: start}


def _tell(running: Running, told: RulesReport) -> None:
    """Publish what is in force, log it, and lay out what BOOT should say of it."""
    running.publisher.publish(told)
    for line in told.lines():
        if line and not told.is_empty:
            (log.error if told.left_out_count else log.info)("%s", line)
    try:
        rules_text.lay_out(told, running.arguments.directory)
    except OSError as error:
        log.error("%s cannot be written: %s", rules_text.NAME, error.strerror)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox ids-config",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--directory", type=Path, default=DIRECTORY, help="where to write (%(default)s)")
    add("--templates", type=Path, default=TEMPLATES, help="what to fill in (%(default)s)")
    add("--root", type=Path, default=ENGINE_ROOT, help="the engine's root (%(default)s)")
    add("--owner-rules", type=Path, action="append", metavar="DIR",
        help=f"with *.rules files; may be repeated ({', '.join(map(str, OWNER_RULES))})",
    )  # fmt: skip
    add("--rule-sets", type=Path, default=set_places.FOLDER, help="of the Internet (%(default)s)")
    add("--set-on-trial", type=Path, default=set_places.TRIAL, help="names one (%(default)s)")
    add("--wait-listening", action="store_true", help="write nothing, wait for the engine")
    add("--user", default=USER, help="whose process must listen, by name or number (%(default)s)")
    add("--seconds", type=float, default=DEADLINE_S, help="seconds to wait at most (%(default)s)")
    return parser


def _uid(user: str) -> int:
    try:
        return int(user) if user.isdigit() else pwd.getpwnam(user).pw_uid
    except KeyError:
        raise InputError(f"--user {user}: there is no such user") from None


def _withdraw(directory: Path) -> None:
    """Leave nothing to start: the unit of the engine is then passed over."""
    with _explained(directory):
        (directory / START).unlink(missing_ok=True)


def _write_all(directory: Path, texts: Mapping[str, str]) -> None:
    with _explained(directory):
        (directory / "rules").mkdir(parents=True, exist_ok=True)
        secret = marker.secret_of_this_boot(directory / marker.SECRET_FILE.name)
        files.write_whole(directory / "rules/marker.rules", marker.rule(secret) + "\n", 0o640)
        for name, text in texts.items():
            files.write_whole(directory / name, trial.encoded(text), 0o644)


@contextlib.contextmanager
def _explained(directory: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise PrivilegeError(f"{error.filename}: may not be written; be {USER}") from error
    except OSError as error:
        kind = DiskFullError if error.errno == errno.ENOSPC else InputError
        raise kind(f"{error.filename or directory}: {error.strerror}") from error
