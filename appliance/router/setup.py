# SPDX-License-Identifier: MIT
"""Sets a router up over its API, and undoes it: each line parsed before the first change."""

from __future__ import annotations

import time
from collections.abc import Iterable

from appliance.router import export, plan
from appliance.router.api import Connection, Fields
from appliance.router.keeping import Keeping, Setup
from appliance.router.orders import Order, Pairs
from appliance.router.picture import is_yes
from appliance.router.plan import Step
from appliance.router.refusals import Refusal, RefusedError, RouterError, plain
from appliance.router.routeros import quote

EXPORT_S = 60.0
_WRONG = ("(evl bad parameter", "(<%% bad command", "bad parameter", "bad command", "expected ",
          "syntax error")  # fmt: skip


class SetupError(RouterError):
    """A router was not set up, or not undone; what was begun has been taken back."""

    exit_status = 1


def parse(connection: Connection, orders: Iterable[Order]) -> None:
    """Let the router itself read every line without running it. Raises SetupError for a wrong one.

    What it checks are names, not values (RouterOS manual, Scripting, `:parse`).
    """
    for order in orders:
        said = misunderstood(connection, order.line)
        if said:
            raise SetupError(
                f"this router does not understand {order.line.partition('=')[0]}…: {plain(said)}; "
                "nothing was changed"
            )


def misunderstood(connection: Connection, line: str) -> str:
    """Return what a router says is wrong with a line that it only reads; empty for nothing."""
    said = output(connection, f":put [:parse {quote(line)}]")
    return said if said.lstrip().startswith(_WRONG) else ""


def exported(connection: Connection) -> str:
    """Return the router's configuration, cleaned. Raises SetupError where it is not all there."""
    text = output(connection, "/export terse")
    if not export.is_whole(text):
        raise SetupError("the router's export is incomplete; nothing was changed")
    return export.clean(text)


def apply(connection: Connection, keeping: Keeping, steps: tuple[Step, ...]) -> None:
    """Do the steps and note them; a step that fails takes all of them back.

    What is there already stays as it is, or becomes what it should be.

    Raises SetupError, RouterError.
    """
    parse(connection, (order for step in steps for order in (*step.do, *step.undo)))
    before = keeping.setup()
    undo = (*plan.undo_orders(steps), *(before.undo if before else ()))
    names = (*(before.steps if before else ()), *(step.name for step in steps))
    text = before.export if before else exported(connection)
    # Noted first: whatever breaks off from here on, the way back is known.
    keeping.set_setup(Setup(time.time(), tuple(dict.fromkeys(names)), undo, text))
    for number, step in enumerate(steps):
        try:
            for order in step.do:
                perform(connection, order)
        except RefusedError as error:
            _take_back(connection, steps[: number + 1])
            keeping.set_setup(before)
            raise SetupError(f"{step.title}: {error}; all steps were taken back") from error


def undo(connection: Connection, keeping: Keeping) -> bool:
    """Undo what was noted; tell whether the configuration is as it was before, line for line.

    Raises SetupError where nothing was noted, RouterError.
    """
    done = keeping.setup()
    if done is None:
        raise SetupError("nothing is known that Glovebox did on this router over its API")
    for order in done.undo:
        perform(connection, order)
    same = exported(connection) == done.export
    if same:
        keeping.set_setup(None)
    return same


def perform(connection: Connection, order: Order) -> None:
    """Run one command. Raises RefusedError; what is to be removed and is not there is no error."""
    values = dict(order.values)
    if order.verb == "add":
        _make(connection, order, values)
        return
    if not order.where:
        connection.call(order.path, values)
        return
    ids = [row[".id"] for row in connection.rows(order.menu) if _has(order.where, row)]
    if not ids and order.verb != "remove":
        raise RefusedError(f"no such item in {order.menu}", Refusal.GONE)
    for id in ids:
        try:
            connection.call(order.path, {".id": id, **values})
        except RefusedError as error:
            if order.verb != "remove" or error.why is not Refusal.GONE:
                raise


def _make(connection: Connection, order: Order, values: dict[str, str]) -> None:
    """Add a row, or make one of that name what it should be: never a second one."""
    there = [row[".id"] for row in connection.rows(order.menu) if _has(order.identity, row)]
    if there:
        connection.call(f"{order.menu}/set", {".id": there[0], **values})
        return
    connection.call(order.path, values | _at_the_top(connection, order))


def _has(pairs: Pairs, row: Fields) -> bool:
    return all(row.get(key) == value for key, value in pairs)


def _at_the_top(connection: Connection, order: Order) -> dict[str, str]:
    """Put rules that drop before all others: what another accepts would never reach them."""
    if not order.menu.endswith("/firewall/raw"):
        return {}
    rows = connection.rows(order.menu, (".id", "dynamic"))
    first = next((row[".id"] for row in rows if not is_yes(row.get("dynamic", ""))), None)
    return {"place-before": first} if first else {}


def _take_back(connection: Connection, steps: tuple[Step, ...]) -> None:
    for step in reversed(steps):
        for order in step.undo:
            try:
                perform(connection, order)
            except RefusedError as error:
                # A step that failed may have done nothing: what is not there cannot be undone.
                if error.why is not Refusal.GONE:
                    raise


def output(connection: Connection, script: str, seconds: float = EXPORT_S) -> str:
    """Run a script, and return what it prints. Raises RouterError."""
    answer = connection.call("/execute", {"script": script, "as-string": ""}, timeout=seconds)
    return answer.ret
