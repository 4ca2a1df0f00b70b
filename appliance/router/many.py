# SPDX-License-Identifier: MIT
"""The same command on many routers at a time, and their answers, the same ones together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from appliance.router import setup
from appliance.router.api import Connection
from appliance.router.refusals import RouterError, plain
from appliance.settings.sections.router import MOST, RouterEntry

TIMEOUT_S = 20.0
LONGEST, MOST_LINES = 1 << 20, 10_000
#: So many lines fit on the page.
MOST_SHOWN = 200
# RouterOS answers with text whatever became of a command.
_FAILED = (
    "ambiguous value", "bad command", "bad parameter", "expected ", "failure:", "invalid ",
    "input does not match", "missing value", "no such ", "not enough permissions", "not allowed",
    "syntax error", "unknown parameter", "value of ",
)  # fmt: skip

Opened = Callable[[RouterEntry], Connection]
#: Runs a command on a router, and returns what it printed; raises RouterError.
Ran = Callable[[RouterEntry, str], str]


@dataclass(frozen=True, slots=True)
class Said:
    """What a router answered, or why it did not; lines are fit for a terminal."""

    router: str
    lines: tuple[str, ...]
    failed: bool


def ask(routers: Sequence[RouterEntry], command: str, ran: Ran) -> list[Said]:
    """Run a command on routers, all at a time; return what each said, in their order."""
    if not routers:
        return []
    with ThreadPoolExecutor(min(len(routers), MOST)) as pool:
        return list(pool.map(lambda router: _asked(router, command, ran), routers))


def wrong(routers: Sequence[RouterEntry], command: str, opened: Opened) -> list[Said]:
    """Let each router read a command without running it; return what those say who do not."""

    def checked(router: RouterEntry) -> Said:
        try:
            with opened(router) as connection:
                said = setup.misunderstood(connection, command)
        except RouterError as error:
            said = str(error)
        return Said(router.name, (plain(said),), bool(said))

    with ThreadPoolExecutor(MOST) as pool:
        return [said for said in pool.map(checked, routers) if said.failed]


def together(answers: Sequence[Said]) -> list[tuple[tuple[str, ...], Said]]:
    """Return each different answer with the names of those that gave it, in the order given."""
    found: dict[tuple[tuple[str, ...], bool], list[Said]] = {}
    for said in answers:
        found.setdefault((said.lines, said.failed), []).append(said)
    return [(tuple(each.router for each in alike), alike[0]) for alike in found.values()]


def over_api(opened: Opened) -> Ran:
    """Return what runs a command over the API."""

    def run(router: RouterEntry, command: str) -> str:
        with opened(router) as connection:
            return setup.output(connection, command, TIMEOUT_S)

    return run


def _asked(router: RouterEntry, command: str, ran: Ran) -> Said:
    try:
        text = ran(router, command)
    except RouterError as error:
        return Said(router.name, (f"{plain(str(error))}.",), True)
    return Said(router.name, *read(text))


def read(text: str, most: int = MOST_LINES) -> tuple[tuple[str, ...], bool]:
    """Return what a router printed as plain lines, and whether it tells of a failure."""
    lines = text[:LONGEST].splitlines()[:most]
    failed = bool(lines) and lines[0].lower().startswith(_FAILED)
    return tuple(_shown(line) for line in lines), failed


def _shown(line: str) -> str:
    """Return a line without control signs; blanks stay, which make the columns of a table."""
    short = line[:500].encode("utf-8", "replace").decode()
    return "".join(sign for sign in short if sign.isprintable()).rstrip()
