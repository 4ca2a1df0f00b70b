# SPDX-License-Identifier: MIT
"""`glovebox router setup|check|undo NAME`: what is done on a router, whether it is, and back.

What many routers have in common, `history` and `run`, stands in modules of its own.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from appliance import shape
from appliance.changes import history_command
from appliance.errors import ConfigError, InputError
from appliance.reports.levels import Level
from appliance.router import (
    api,
    cost,
    here,
    many,
    picture,
    plan,
    reader,
    recording,
    run_command,
    setup,
    verify,
    wire,
)
from appliance.router.api import Connection
from appliance.router.keeping import FOLDER, Keeping
from appliance.router.plan import NAME, Wanted
from appliance.router.verify import Point
from appliance.router.wire import ApiAddress
from appliance.settings import config
from appliance.settings.sections.router import RouterConfig, RouterEntry

EPILOG = """\
Without --user, setup and undo print a block to be pasted into a terminal of the router. With it
they ask for the password and do it over the API (TLS; the certificate must be trusted first, with
check --trust). The password is kept nowhere.

Exit status: 0 done, and the router is as it should be; 1 it is not, or refused; 2 bad usage;
6 it cannot be reached; 78 no such router in the settings."""


def main(argv: Sequence[str]) -> int:
    """Set a router up, check it, or undo it; `--help` tells how."""
    arguments = _parser().parse_args(argv)
    settings, errors = config.load(arguments.config or config.FILES)
    for error in errors:
        print(f"glovebox router: {error}", file=sys.stderr)
    if arguments.command == "history" and not arguments.name:
        names = [router.name for router in settings.router.routers]
        return history_command.run(arguments, names)
    if arguments.command == "run":
        return _run(settings.router, arguments)
    entry = _named(settings.router, arguments.name)
    if arguments.command == "history":
        return history_command.run(arguments, [entry.name])
    keeping = Keeping(entry.name, arguments.folder)
    commands = {"setup": _setup, "check": _check, "undo": _undo}
    return commands[arguments.command](entry, keeping, arguments)


def _named(settings: RouterConfig, name: str) -> RouterEntry:
    found = settings.named(name)
    if found is None:
        known = ", ".join(router.name for router in settings.routers) or "none"
        raise ConfigError(f"[router] routers: no router {name!r}; there are: {known}")
    return found


def wanted(entry: RouterEntry, keeping: Keeping, found: picture.Picture | None = None) -> Wanted:
    """Return what a router is set up for. Raises RouterError, OSError."""
    return Wanted(entry, here.towards(entry.address), keeping.made_secret().password, found)


def opened(entry: RouterEntry, keeping: Keeping, name: str, password: str) -> Connection:
    """Connect to a router whose certificate is known. Raises RouterError."""
    place = ApiAddress(str(entry.address), entry.port, pin=keeping.pin())
    return api.connect(place, name, password)


def _setup(entry: RouterEntry, keeping: Keeping, arguments: argparse.Namespace) -> int:
    if not arguments.user:
        sys.stdout.write(plan.script(plan.steps(wanted(entry, keeping))))
        return 0
    with opened(entry, keeping, arguments.user, _password(arguments.user)) as connection:
        found = picture.read(connection)
        aim = wanted(entry, keeping, found)
        steps = plan.missing(plan.steps(aim), found)
        for step in steps:
            print(f"{step.title}: {step.why}\n    costs: {step.cost}")
        if steps and _agrees(arguments.yes):
            before = cost.load(connection)
            setup.apply(connection, keeping, steps)
            if told := cost.words(before, cost.load(connection)):
                print(told)
        found = picture.read(connection)
    return _told(verify.points(wanted(entry, keeping, found), found), as_json=False)


def _check(entry: RouterEntry, keeping: Keeping, arguments: argparse.Namespace) -> int:
    if arguments.trust_ssh:
        reader.trust(entry, keeping, arguments.trust_ssh)
    shown = wire.fingerprint(ApiAddress(str(entry.address), entry.port))
    if arguments.trust and arguments.trust.lower().replace(":", "") != shown:
        raise InputError(f"the router shows another certificate: {shown}")
    if arguments.trust:
        keeping.set_pin(arguments.trust)
    if not keeping.pin():
        print(
            f"The router shows the certificate {shown}. If `/certificate print detail` there says "
            f"the same, run: glovebox router check {entry.name} --trust {shown}"
        )
        return 1
    with opened(entry, keeping, NAME, keeping.made_secret().password) as connection:
        found = picture.read(connection)
        aim = wanted(entry, keeping, found)
        if arguments.report:
            _record(connection, aim, found, arguments.report)
    return _told(verify.points(aim, found), arguments.json)


def _record(connection: Connection, aim: Wanted, found: picture.Picture, path: Path) -> None:
    try:
        recording.write(recording.record(connection, aim, found), path)
    except OSError as error:
        raise InputError(f"--report {path}: {error.strerror}") from error
    print(
        f"{path} holds what the router answered: names, addresses, comments and passwords are "
        "replaced. Read it before you hand it on.",
        file=sys.stderr,
    )


def _undo(entry: RouterEntry, keeping: Keeping, arguments: argparse.Namespace) -> int:
    if not arguments.user:
        sys.stdout.write(plan.undo_script(plan.steps(wanted(entry, keeping))))
        return 0
    with opened(entry, keeping, arguments.user, _password(arguments.user)) as connection:
        same = setup.undo(connection, keeping)
    print(
        "The router's configuration is what it was before, line for line."
        if same
        else "All steps were undone, but the configuration is not what it was before: something "
        "else was changed meanwhile."
    )
    return 0 if same else 1


def _run(settings: RouterConfig, arguments: argparse.Namespace) -> int:
    routers = run_command.chosen(settings, arguments.routers)
    password = _password(arguments.user) if arguments.user else ""

    def reached(router: RouterEntry) -> Connection:
        keeping = Keeping(router.name, arguments.folder)
        name, secret = arguments.user or NAME, password or keeping.made_secret().password
        return opened(router, keeping, name, secret)

    def read(router: RouterEntry, command: str) -> str:
        return reader.run(router, Keeping(router.name, arguments.folder), command)

    reads = many.over_api(reached) if arguments.user else read
    agrees = partial(_agrees, arguments.yes)
    return run_command.run(arguments, routers, reads, reached, agrees)


def _told(points: tuple[Point, ...], as_json: bool) -> int:
    if as_json:
        print(json.dumps([shape.to_json(point) for point in points], indent=2))
    else:
        for point in points:
            print(f"{point.level.value}: {point.text}{f' {point.advice}' if point.advice else ''}")
    return int(any(point.level is Level.FAIL for point in points))


def _password(user: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"Password of {user} on the router: ")
    return sys.stdin.readline().rstrip("\n")


def _agrees(yes: bool, question: str = "Do this?") -> bool:
    if yes:
        return True
    print(f"{question} Type yes: ", end="", flush=True)
    return sys.stdin.readline().strip() == "yes"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox router", description="Set up a MikroTik router, check it, or undo it.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--config", type=Path, action="append", help="another file of settings")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="what is kept (%(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("setup", "print the block to paste, or do it"),
        ("check", "ask the router whether it is set up as it should be"),
        ("undo", "print the block that undoes it, or undo it"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("name", help="the router's name in the settings")
        if name == "check":
            command.add_argument("--trust", metavar="SHA256", help="the certificate is its own")
            command.add_argument("--trust-ssh", metavar="SHA256:…", help="its SSH host key is too")
            command.add_argument(
                "--report",
                type=Path,
                metavar="FILE",
                help="write what it answered into a new file, masked, for a test of Glovebox",
            )
            command.add_argument("--json", action="store_true", help="for programs")
        else:
            command.add_argument("--user", help="do it over the API, as this user of the router")
            command.add_argument("--yes", action="store_true", help="do not ask")
    text = "show what changed on the routers, and who did it"
    told = commands.add_parser("history", help=text, description=text)
    told.add_argument("name", nargs="?", help="the router's name in the settings; all by default")
    told.add_argument("--git", type=Path, metavar="DIR", help="write a bare git repository there")
    _add_run(commands)
    return parser


def _add_run(commands: Any) -> None:
    text = "run the same command on many routers, and show the same answers together"
    command = commands.add_parser("run", help=text, description=text)
    command.add_argument("words", nargs="+", metavar="COMMAND", help="like: /system resource print")
    command.add_argument("-r", dest="routers", default="", metavar="A,B", help="on these alone")
    command.add_argument("--change", action="store_true", help="it may change something")
    command.add_argument(
        "--user", help="as this user of the routers, over the API; its password is asked for"
    )
    command.add_argument("--yes", action="store_true", help="do not ask")
