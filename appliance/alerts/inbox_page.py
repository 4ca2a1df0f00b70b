# SPDX-License-Identifier: MIT
"""`/alerts`: the inbox, one row for alike alerts; marks them, and shows a row by itself."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound, ServiceUnavailable

from appliance import words
from appliance.access import parameters
from appliance.access.guard import text
from appliance.alerts import asked, triage
from appliance.alerts.alike import HOUR_US, AlikeKey
from appliance.alerts.alike_store import AlikeReader, Alikes
from appliance.alerts.asked import FIELDS
from appliance.alerts.marks import LONGEST_NOTE, UNMARKED, MarkBook, Marking, OwnerVisit, RowMark
from appliance.alerts.pages import AlertPages
from appliance.alerts.search import Filter
from appliance.alerts.triage import DONE, OPEN, SEEN, STATES, SortedInbox
from appliance.alerts.way import DIRECTIONS, Homes
from appliance.store.database import StoreError

PER_PAGE = 25
NEWEST = 10
LARGEST_ID = (1 << 63) - 1
ANY = "any"
SHOWN_STATES = (OPEN, *STATES, ANY)
_KEPT = (*FIELDS, "state")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letters:
    """Where the inbox comes from: the rows, the marks, the alerts, and what is one's own."""

    rows: AlikeReader
    marks: MarkBook
    history: AlertPages
    homes: Homes


@dataclass(frozen=True)
class InboxView:
    """What one look at the inbox found; `trouble` says why there is nothing to show."""

    triage: SortedInbox = SortedInbox()
    alikes: Alikes = Alikes({})
    visit: OwnerVisit = OwnerVisit(0.0, 0)
    last: Marking | None = None
    trouble: str = ""

    @property
    def since_visit(self) -> int:
        """Return how many of the rows got alerts since the owner was here before."""
        return sum(item.row.last_id > self.visit.newest for item in self.triage.items)


def blueprint(figures: Callable[[], Mapping[str, Any]], letters: Letters) -> Blueprint:
    """Return the routes `/alerts`, `/alerts/row` and `/alerts/mark`."""
    routes = Blueprint("alerts", __name__)

    @routes.get("/alerts")
    def inbox() -> ResponseReturnValue:
        page, did, state, wrong = _places()
        shown, given = figures(), _given()
        wanted, errors = asked.parse(given, shown["devices"].addresses(), letters.homes)
        errors = [*errors, *wrong]
        view = InboxView() if errors else _look(letters, wanted, state)
        first = (page - 1) * PER_PAGE
        values = {
            "given": given, "state": state, "errors": errors, "view": view, "page": page,
            "items": view.triage.items[first : first + PER_PAGE],
            "pages": -(-len(view.triage.items) // PER_PAGE), "did": did,
            "directions": DIRECTIONS, "states": STATES, "now": time.time(), "bars": triage.bars,
            "with_": _with(given, state), "kept": _kept(given, state),
            "overview": None if wanted or errors else letters.history.overview(time.time()),
        }  # fmt: skip
        answer = render_template("inbox.html", **shown, **values)
        return answer, BadRequest.code if errors else 200

    @routes.get("/alerts/row")
    def row() -> ResponseReturnValue:
        parameters.allow(("sid", "source", "destination", "did"))
        key = _key(request.args)
        try:
            found = letters.rows.read().rows.get(key)
            marks, last = letters.marks.all(), letters.marks.last()
        except StoreError as error:
            raise ServiceUnavailable(f"{error}.") from error
        if found is None:
            raise NotFound("There are no such alerts, or they are not told apart any more.")
        mark = marks.get(key, UNMARKED)
        same = Filter(gid=key.gid, sid=key.sid, source=key.source or None,
                      destination=key.destination or None)  # fmt: skip
        direction = letters.homes.direction(key.source, key.destination)
        return render_template(
            "row.html", **figures(), row=found, mark=mark, state=triage.state_of(found, mark),
            history=letters.history.find(same, NEWEST), last=last, hour_us=HOUR_US,
            did=parameters.whole("did"), direction=DIRECTIONS.get(direction, ""),
            longest=LONGEST_NOTE,
        )  # fmt: skip

    @routes.post("/alerts/mark")
    def mark() -> ResponseReturnValue:
        try:
            action = _mark(letters, figures)
        except StoreError as error:
            log.error("a mark is not kept: %s", error)
            raise ServiceUnavailable(f"The mark cannot be kept: {error}.") from error
        return redirect(_back(action), 303)

    return routes


def _look(letters: Letters, wanted: Filter, state: str) -> InboxView:
    try:
        alikes = letters.rows.read()
        marks, last = letters.marks.all(), letters.marks.last()
        visit = letters.marks.visit(time.time(), alikes.newest)
    except StoreError as error:
        return InboxView(trouble=f"{str(error)[:1].upper()}{str(error)[1:]}.")
    shown = "" if state == ANY else state
    found = triage.sort(alikes.rows.values(), marks, wanted, shown, letters.homes)
    return InboxView(found, alikes, visit, last)


def _places() -> tuple[int, int | None, str, list[str]]:
    """Return the page, the mark that can be undone, the state, and what is wrong with these."""
    try:
        parameters.allow((*_KEPT, "page", "did"))
        page, did = parameters.whole("page") or 1, parameters.whole("did")
        return page, did, shown_state(request.args), []
    except BadRequest as error:
        # What was written stays in the form, beside what is wrong with it.
        return 1, None, OPEN, [error.description or ""]


def _given() -> dict[str, str]:
    return {name: value for name in FIELDS if (value := request.args.get(name, "").strip())}


def shown_state(fields: Mapping[str, str]) -> str:
    """Return which rows are asked for, by their state. Raises BadRequest."""
    state = fields.get("state", "") or OPEN
    if state not in SHOWN_STATES:
        raise BadRequest(f"No state '{state[:32]}'; there are {', '.join(SHOWN_STATES)}.")
    return state


def _kept(given: Mapping[str, str], state: str) -> dict[str, str]:
    return {**given, **({} if state == OPEN else {"state": state})}


def _with(given: Mapping[str, str], state: str) -> Callable[..., str]:
    """Return a maker of addresses of the inbox: the filter of now, with other values."""

    def address(**others: Any) -> str:
        values: dict[str, Any] = _kept(given, state) | others
        return url_for("alerts.inbox", **{key: each for key, each in values.items() if each})

    return address


def _key(fields: Mapping[str, str]) -> AlikeKey:
    """Return which row is meant. Raises BadRequest."""
    gid, _, sid = text(fields, "sid").partition(":")
    if not (parameters.WHOLE.fullmatch(gid) and parameters.WHOLE.fullmatch(sid)):
        raise BadRequest("Expected sid as 1:1000140.")
    if max(int(gid), int(sid)) > parameters.LARGEST:
        raise BadRequest("There are no such rules.")
    return AlikeKey(int(gid), int(sid), fields.get("source", ""), fields.get("destination", ""))


def _mark(letters: Letters, figures: Callable[[], Mapping[str, Any]]) -> Marking | None:
    """Do what the form asks for; return what undoes it. Raises BadRequest, StoreError."""
    form = request.form
    if "undo" in form:
        letters.marks.undo(_number(form["undo"]))
        return None
    if "all" in form:
        return _mark_all(letters, figures, form["all"], _number(text(form, "newest")))
    if "note" in form:
        key = _key(form)
        note = " ".join(form["note"].split())[:LONGEST_NOTE]
        old = letters.marks.all().get(key, UNMARKED)
        return letters.marks.set({key: replace(old, note=note)}, "The note was changed.")
    what, key, until = _one(text(form, "mark"))
    old = letters.marks.all().get(key, UNMARKED)
    return letters.marks.set({key: _marked(old, what, until)}, f"Marked as {what}.")


def _mark_all(
    letters: Letters, figures: Callable[[], Mapping[str, Any]], what: str, newest: int
) -> Marking | None:
    given = {name: value for name in FIELDS if (value := form_value(name))}
    wanted, errors = asked.parse(given, figures()["devices"].addresses(), letters.homes)
    if errors:
        raise BadRequest(errors[0])
    marks = letters.marks.all()
    state = form_value("state") or OPEN
    shown = "" if state == ANY else state
    rows = letters.rows.read().rows.values()
    items = triage.sort(rows, marks, wanted, shown, letters.homes).items
    if not items:
        return None
    said = f"{words.counted(len(items), 'row')} marked as {what}."
    return letters.marks.set(
        {item.row.key: _marked(item.mark, what, newest) for item in items}, said
    )


def _marked(old: RowMark, what: str, until: int) -> RowMark:
    if what == DONE:
        return replace(old, done=until, seen=max(old.seen, until))
    if what == SEEN:
        return replace(old, seen=until, done=0)
    if what == triage.NEW:
        return replace(old, seen=0, done=0)
    raise BadRequest(f"Rows are marked as {', '.join(STATES)}.")


def _one(value: str) -> tuple[str, AlikeKey, int]:
    """Return what a row's button says: the mark, the row, up to which alert."""
    try:
        what, gid, sid, source, destination, until = json.loads(value)
        key = AlikeKey(int(gid), int(sid), str(source), str(destination))
        numbers = (key.gid, key.sid, int(until))
        if not 0 <= min(numbers) <= max(numbers) <= LARGEST_ID:
            raise ValueError
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise BadRequest("That is no button of this page.") from error
    return str(what), key, int(until)


def _number(value: str) -> int:
    if not parameters.WHOLE.fullmatch(value) or int(value) > LARGEST_ID:
        raise BadRequest("That is no number.")
    return int(value)


def form_value(name: str) -> str:
    """Return a field of the form of this request, empty where it is not given."""
    return request.form.get(name, "").strip()


def _back(action: Marking | None) -> str:
    """Return where the form came from: the inbox with its filter, or the page of a row."""
    values: dict[str, Any] = {} if action is None else {"did": action.id}
    if request.form.get("from") == "row":
        key = _key(request.form)
        values |= {"sid": f"{key.gid}:{key.sid}", "source": key.source}
        return url_for("alerts.row", destination=key.destination, **values)
    values |= {name: value for name in _KEPT if (value := form_value(name))}
    page = form_value("page")
    if parameters.WHOLE.fullmatch(page):
        values["page"] = page
    return url_for("alerts.inbox", **values)
