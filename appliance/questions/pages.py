# SPDX-License-Identifier: MIT
"""`/flows`: builds a question about single flows, shows its SQL and command, and the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from appliance.errors import InputError
from appliance.questions import printed
from appliance.questions.answers import UnansweredError
from appliance.questions.conditions import SWITCHES
from appliance.questions.door import Answered, Asked
from appliance.questions.fields import FIELDS, field_of
from appliance.questions.printed import Ranking
from appliance.questions.question import VALUES, FlowPeriod, Question

Ask = Callable[[Asked], Answered]
# What a form can hold; sets are files, and there are none on the page.
INPUTS = {
    "any-address": "Address of either end", "saddress": "Source", "daddress": "Destination",
    "proto": "Protocols", "aport": "Port of either end", "sport": "Source ports",
    "dport": "Destination ports", "type": "Way", "any-cc": "Country",
}  # fmt: skip
GROUPED = tuple(name for name in FIELDS if name not in ("packets", "bytes", "stime", "etime"))
MOST_SHOWN, LONGEST_SQL = 1000, 4000


@dataclass(frozen=True)
class ShownAnswer:
    """What came of a question: a ranking, or columns and rows of one's own SQL."""

    sql: str
    seconds: float
    files: int
    remark: str
    ranking: Ranking | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    cut: bool = False
    command: str = ""

    def csv(self) -> str:
        """Return it as a spreadsheet reads it."""
        if self.ranking is None:
            return printed.as_csv(self.columns, self.rows)
        names = [*(each.name for each in self.ranking.fields), self.ranking.value, "percent"]
        rows = [(*key, value, round(share, 6)) for key, value, share, _ in self.ranking.shares()]
        return printed.as_csv(names, rows)


def blueprint(figures: Callable[[], Mapping[str, Any]], ask: Ask, zone: str) -> Blueprint:
    """Return the route; `ask` answers, `zone` is that of the page's times."""
    routes = Blueprint("questions", __name__)

    @routes.get("/flows", endpoint="ask")
    def show() -> ResponseReturnValue:
        found: ShownAnswer | None = None
        trouble = ""
        try:
            found = _answer(ask, zone)
        except (InputError, UnansweredError) as error:
            trouble = str(error)
        if request.args.get("format") == "csv":
            return _csv(found, trouble)
        return render_template(
            "flows.html", **figures(), form=_form(zone), answer=found, trouble=trouble, zone=zone,
            inputs=INPUTS, switches=SWITCHES, fields=FIELDS, grouped=GROUPED, values=list(VALUES),
            own=request.args.get("sql", "")[:LONGEST_SQL], cell=printed.text,
            csv_url=_csv_url(),
        )  # fmt: skip

    return routes


def _csv_url() -> str:
    given = [(name, text) for name, text in request.args.items(multi=True) if name != "format"]
    return f"{url_for('questions.ask')}?{urlencode([*given, ('format', 'csv')])}"


def _answer(ask: Ask, zone: str) -> ShownAnswer | None:
    """Answer what the address asks, None where it asks nothing. Raises what stood in the way."""
    begun = time.monotonic()
    if sql := request.args.get("sql", ""):
        if len(sql) > LONGEST_SQL:
            raise InputError(f"a question has at most {LONGEST_SQL:,} characters")
        found = ask(Asked((sql,), zone=zone))
        return _own(sql, found, time.monotonic() - begun)
    if "by" not in request.args:
        return None
    question = _question(zone)
    first, last = question.period.bounds()
    statements = question.top_sql(), question.totals_sql(), question.bins_sql()
    found = ask(Asked(statements, first, last, zone))
    return ShownAnswer(
        statements[0], time.monotonic() - begun, found.files, found.remark,
        printed.ranking(question, found.answers), command=question.command(),
    )  # fmt: skip


def _own(sql: str, found: Answered, seconds: float) -> ShownAnswer:
    (answer,) = found.answers
    rows = tuple(tuple(map(printed.text, row)) for row in answer.rows[:MOST_SHOWN])
    if request.args.get("format") == "csv":
        rows = tuple(tuple(map(printed.text, row)) for row in answer.rows)
    cut = answer.cut or len(answer.rows) > len(rows)
    return ShownAnswer(sql, seconds, found.files, found.remark, None, answer.columns, rows, cut)


def _question(zone: str) -> Question:
    """Return the question that the form asks. Raises InputError."""
    given = request.args
    names = [each for each in given.getlist("by") if each]
    switches = tuple((name, given[name].strip()) for name in INPUTS if given.get(name, "").strip())
    return Question(
        FlowPeriod(given.get("start", "").strip(), given.get("end", "").strip(), zone),
        switches,
        tuple(dict.fromkeys(field_of(each) for each in names)) or (FIELDS["host"],),
        given.get("value", "bytes"),
        _number("minimum", 0),
        min(MOST_SHOWN, _number("limit", 20)),
        given.get("least", "") == "1",
    )


def _number(name: str, otherwise: int) -> int:
    text = request.args.get(name, "").strip()
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InputError(f"{name}: expected a number")
    return int(text)


def _form(zone: str) -> dict[str, Any]:
    """Return what stands in the form: as it was sent, or today's hosts."""
    given = {name: text[:200] for name, text in request.args.items()}
    grouped = [each for each in request.args.getlist("by") if each in FIELDS][:3]
    if "by" not in request.args:
        given["start"] = datetime.now(ZoneInfo(zone)).strftime("%Y/%m/%d")
        grouped = ["host"]
    return {"limit": "20", "value": "bytes", **given, "by": [*grouped, "", "", ""][:3]}


def _csv(found: ShownAnswer | None, trouble: str) -> Response:
    if found is None:
        raise BadRequest(trouble or "Ask something first.")
    head = {"Content-Disposition": 'attachment; filename="flows.csv"'}
    return Response(found.csv(), mimetype="text/csv", headers=head)
