# SPDX-License-Identifier: MIT
"""`/api/alerts` and `/api/rows`, as JSON and as CSV: what the page's views show, for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance.access import parameters
from appliance.alerts import asked, triage
from appliance.alerts.asked import FIELDS
from appliance.alerts.export import alert_tables
from appliance.alerts.export.alert_tables import ALERT_FIELDS, ROW_FIELDS
from appliance.alerts.inbox_page import ANY, Letters, shown_state
from appliance.alerts.pages import AlertPage
from appliance.alerts.search import Filter
from appliance.alerts.triage import InboxItem
from appliance.store.database import StoreError

DEFAULT_LIMIT = 50
MOST = 1000
MOST_ROWS = 10_000


def blueprint(figures: Callable[[], Mapping[str, Any]], letters: Letters) -> Blueprint:
    """Return the routes `/api/alerts`, `/api/rows`, and the same with `.csv`."""
    routes = Blueprint("export", __name__)

    @routes.get("/api/alerts")
    def alerts() -> ResponseReturnValue:
        page, wanted = _alerts(letters, figures, DEFAULT_LIMIT)
        in_order = page.alerts[::-1] if "after" in request.args else page.alerts
        values: dict[str, Any] = {"count": page.count, "alerts": in_order}
        if wanted:
            # Where a search goes on, for it had no time or no room for more.
            values["older"] = page.older
        return jsonify(values)

    @routes.get("/api/alerts.csv")
    def alerts_csv() -> ResponseReturnValue:
        page, _ = _alerts(letters, figures, MOST)
        return _csv(alert_tables.table(page.alerts, ALERT_FIELDS), "alerts")

    @routes.get("/api/rows")
    def rows() -> ResponseReturnValue:
        found = _rows(letters, figures)
        shown = found[: parameters.clamped("limit", 50, MOST_ROWS)]
        return jsonify(count=len(found), rows=[alert_tables.of_item(item) for item in shown])

    @routes.get("/api/rows.csv")
    def rows_csv() -> ResponseReturnValue:
        found = _rows(letters, figures)[: parameters.clamped("limit", MOST_ROWS, MOST_ROWS)]
        rows = [alert_tables.of_item(item) for item in found]
        return _csv(alert_tables.table(rows, ROW_FIELDS), "rows")

    return routes


def _alerts(
    letters: Letters, figures: Callable[[], Mapping[str, Any]], default: int
) -> tuple[AlertPage, Filter]:
    """Return the alerts that are asked for. Raises BadRequest, ServiceUnavailable."""
    parameters.allow(("limit", "after", "before", *FIELDS))
    limit = parameters.clamped("limit", default, MOST)
    after, before = parameters.whole("after"), parameters.whole("before")
    if after is not None and before is not None:
        raise BadRequest("Give after or before, not both.")
    wanted = _wanted(letters, figures)
    if wanted and after is not None:
        raise BadRequest("Give a filter or after, not both.")
    if wanted:
        page = letters.history.find(wanted, limit, before)
    elif after is None:
        page = letters.history.latest(limit, before)
    else:
        page = letters.history.after(after, limit)
    if page.trouble:
        raise ServiceUnavailable(page.trouble)
    return page, wanted


def _rows(letters: Letters, figures: Callable[[], Mapping[str, Any]]) -> Sequence[InboxItem]:
    """Return the rows that are asked for. Raises BadRequest, ServiceUnavailable."""
    parameters.allow(("limit", "state", *FIELDS))
    state, wanted = shown_state(request.args), _wanted(letters, figures)
    try:
        found, marks = letters.rows.read(), letters.marks.all()
    except StoreError as error:
        raise ServiceUnavailable(f"{error}.") from error
    shown = "" if state == ANY else state
    sorted_ = triage.sort(found.rows.values(), marks, wanted, shown, letters.homes)
    return sorted_.items


def _wanted(letters: Letters, figures: Callable[[], Mapping[str, Any]]) -> Filter:
    given = {name: value for name in FIELDS if (value := request.args.get(name, "").strip())}
    if not given:
        return Filter()
    wanted, errors = asked.parse(given, figures()["devices"].addresses(), letters.homes)
    if errors:
        raise BadRequest(" ".join(errors))
    return wanted


def _csv(text: str, name: str) -> Response:
    answer = Response(text, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="glovebox-{name}.csv"'
    return answer
