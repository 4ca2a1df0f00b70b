# SPDX-License-Identifier: MIT
"""`/map`: how much went to and came from each country, on a map and as a table."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from appliance.countries import country_names, world_map
from appliance.countries.country_names import CLASSES
from appliance.questions.answers import UnansweredError
from appliance.questions.door import Answered, Asked
from appliance.questions.question import FlowPeriod, Question, day_of

DAYS = {1: "today", 7: "7 days", 30: "30 days"}
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class CountryRow:
    """A country, or a class of addresses: bytes from it and to it, flows, its share of all bytes.

    `link` leads to its flows, empty where the class cannot be asked for.
    """

    name: str
    came: int
    went: int
    flows: int
    share: float
    link: str
    code: str = ""


def blueprint(
    figures: Callable[[], Mapping[str, Any]],
    ask: Callable[[Asked], Answered],
    zone: str,
) -> Blueprint:
    """Return the routes; `ask` answers, `zone` is that of the page's days."""
    routes = Blueprint("countries", __name__)

    @routes.get("/countries", endpoint="before")
    def before() -> ResponseReturnValue:
        return redirect(url_for("countries.show", days=request.args.get("days")), 301)

    @routes.get("/map", endpoint="show")
    def show() -> ResponseReturnValue:
        days = _days()
        period = FlowPeriod(day_of(time.time() - (days - 1) * DAY_S, zone),
                            day_of(time.time(), zone), zone)  # fmt: skip
        shown: dict[str, Any] = {"countries": [], "others": [], "remark": "", "trouble": ""}
        try:
            answered = ask(Asked((statement(period),), *period.bounds(), zone))
            countries, others = rows(answered.answers[0].rows, period)
            shown |= {"countries": countries, "others": others, "remark": answered.remark}
            by_code = {each.code: each for each in countries}
            shares = {code: each.share for code, each in by_code.items()}
            shown |= {"world": world_map.drawn(shares, world_map.FILE), "by_code": by_code}
        except UnansweredError as error:
            shown["trouble"] = str(error)
        return render_template("countries.html", **figures(), **shown, days=days, choices=DAYS)

    return routes


def statement(period: FlowPeriod) -> str:
    """Return the SQL: of each country, bytes from it, bytes to it, and flows."""
    return (
        "SELECT coalesce(country, '') AS country,"
        " sum(CASE WHEN way = 'in' THEN bytes ELSE 0 END) AS came,"
        " sum(CASE WHEN way = 'in' THEN 0 ELSE bytes END) AS went, count(*) AS flows"
        f" FROM flows WHERE way <> 'inside' AND {Question(period).where()} GROUP BY ALL"
    )


def rows(
    found: tuple[tuple[Any, ...], ...], period: FlowPeriod
) -> tuple[list[CountryRow], list[CountryRow]]:
    """Return the countries, the busiest first, and what is in none."""
    total = sum(int(each[1]) + int(each[2]) for each in found) or 1
    ordered = sorted(found, key=lambda each: (-(int(each[1]) + int(each[2])), str(each[0])))
    countries: list[CountryRow] = []
    others: list[CountryRow] = []
    for letters, came, went, flows in ordered:
        share = (int(came) + int(went)) / total
        is_class = letters in CLASSES
        link = _link(str(letters), period) if letters else ""
        row = CountryRow(country_names.name(str(letters)), int(came), int(went), int(flows),
                         share, link, str(letters))  # fmt: skip
        (others if is_class else countries).append(row)
    return countries, others


def _link(letters: str, period: FlowPeriod) -> str:
    asked = [("start", period.start), ("end", period.end), ("any-cc", letters.lower()),
             ("by", "host"), ("by", "peer"), ("by", "")]  # fmt: skip
    return f"{url_for('questions.ask')}?{urlencode(asked)}"


def _days() -> int:
    text = request.args.get("days", "1")
    found = next((days for days in DAYS if str(days) == text), None)
    if found is None:
        raise BadRequest(f"days: expected one of {', '.join(map(str, DAYS))}.")
    return found
