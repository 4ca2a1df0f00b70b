# SPDX-License-Identifier: MIT
"""`check --report`: what a router answered, masked, so that it can be played again in a test.

Only what `check` reads is in it, what the router says to each line of the plan without running it,
and its export without values. It is written for people too: read it before you hand it on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from appliance import shape
from appliance.router import export, plan, setup, verify
from appliance.router.api import Connection, Fields
from appliance.router.masking import Mask
from appliance.router.orders import Order
from appliance.router.picture import Picture
from appliance.router.plan import Wanted
from appliance.router.refusals import Refusal, RefusedError, RouterError, plain
from appliance.settings.sections.router import RouterEntry

FORM = 1
LARGEST = 16 << 20
Capture = Literal["auto", "sniffer", "mangle", "none"]
CAPTURES: tuple[Capture, ...] = (
    "auto", "sniffer", "mangle", "none",
)  # fmt: skip
MOST_ROWS, MOST_LINES = 2000, 20_000


@dataclass(frozen=True, slots=True)
class Recording:
    """A router's answers. `parsed` are lines and what `:parse` said; `export` lines without values.

    `refused` are menus that could not be read, and why; `trouble` is what else it refused. `left`
    counts rows and lines that were too many. `points` is what `check` found, which playing it again
    must find too.
    """

    form: int
    address: str
    sensor: str
    capture: str
    flows: bool
    log: bool
    inside: str
    outside: str
    read_at: float
    tables: Mapping[str, tuple[Fields, ...]]
    refused: Mapping[str, Refusal]
    parsed: tuple[tuple[str, str], ...]
    export: tuple[str, ...]
    trouble: tuple[str, ...]
    left: int
    points: tuple[verify.Point, ...]

    @property
    def picture(self) -> Picture:
        """The picture of the router that is played."""
        return Picture(self.tables, self.refused, self.read_at)

    @property
    def wanted(self) -> Wanted:
        """What it is set up for; its user's password is not in a recording."""
        capture = {str(each): each for each in CAPTURES}.get(self.capture, CAPTURES[0])
        entry = RouterEntry("home", ip_address(self.address), capture, self.flows, self.log,
                            self.inside, self.outside)  # fmt: skip
        return Wanted(entry, ip_address(self.sensor), "", self.picture)


def record(connection: Connection, wanted: Wanted, found: Picture) -> Recording:
    """Return what a router answers, masked; it changes nothing. Raises RouterError when it is lost.

    What is masked must lead to the same result of `check`; else RouterError, and nothing is lost.
    """
    mask = Mask(_written(wanted))
    tables, left = _tables(found, mask)
    trouble: list[str] = []
    orders = [each for step in plan.steps(wanted) for each in (*step.do, *step.undo)]
    parsed = _parsed(connection, orders, mask, trouble)
    lines, more = _export(connection, mask, trouble)
    entry = wanted.router
    recording = Recording(
        FORM, str(mask.address(entry.address)), str(mask.address(wanted.sensor)), entry.capture,
        entry.flows, entry.log, mask.value("list", entry.inside), mask.value("list", entry.outside),
        found.read_at, tables, dict(found.refused), parsed, lines, tuple(trouble), left + more, (),
    )  # fmt: skip
    points = verify.points(recording.wanted, recording.picture)
    if [each.level for each in points] != [each.level for each in verify.points(wanted, found)]:
        raise RouterError("masked, it would not lead to the same result: nothing was written")
    return replace(recording, points=points)


def write(recording: Recording, path: Path) -> None:
    """Write a recording into a file of the owner's, which must not be there. Raises OSError."""
    text = json.dumps(shape.to_json(recording), indent=1, sort_keys=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(f"{text}\n")


def read(path: Path) -> Recording:
    """Return the recording in a file. Raises OSError, ValueError for what is none."""
    with path.open("rb") as stream:
        found = shape.from_json(Recording, json.loads(stream.read(LARGEST)))
    if found.form != FORM:
        raise ValueError(f"a recording of the form {found.form}")
    return found


def _written(wanted: Wanted) -> Iterable[str]:
    """Yield what Glovebox itself writes on a router, but for the password."""
    for step in plan.steps(wanted):
        for order in step.do:
            yield from (value for key, value in order.values if key != "password")


def _tables(found: Picture, mask: Mask) -> tuple[dict[str, tuple[Fields, ...]], int]:
    tables: dict[str, tuple[Fields, ...]] = {
        menu: tuple(map(mask.row, rows[:MOST_ROWS])) for menu, rows in found.tables.items()
    }
    return tables, sum(max(len(rows) - MOST_ROWS, 0) for rows in found.tables.values())


def _parsed(
    connection: Connection, orders: Iterable[Order], mask: Mask, trouble: list[str]
) -> tuple[tuple[str, str], ...]:
    """Return each line masked, with what the router says of the true one, which it only reads."""
    told = []
    for order in dict.fromkeys(orders):
        try:
            said = setup.misunderstood(connection, order.line)
        except RefusedError as error:
            trouble.append(f"/execute: {error.why.value}")
            break
        told.append((mask.line(order.line), mask.said(plain(said))))
    return tuple(told)


def _export(connection: Connection, mask: Mask, trouble: list[str]) -> tuple[tuple[str, ...], int]:
    try:
        text = setup.output(connection, "/export terse")
    except RefusedError as error:
        trouble.append(f"/export: {error.why.value}")
        return (), 0
    if not export.is_whole(text):
        trouble.append("/export: it is not whole")
    lines = [line for line in export.clean(text).splitlines() if not line.startswith("#")]
    return tuple(map(mask.line, lines[:MOST_LINES])), max(len(lines) - MOST_LINES, 0)
