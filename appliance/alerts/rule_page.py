# SPDX-License-Identifier: MIT
"""`/alerts/rule`: what a rule means, how often and by whom it was set off; and quietening it."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance.access import parameters
from appliance.access.guard import text
from appliance.alerts.alike import Alike
from appliance.alerts.inbox_page import Letters
from appliance.alerts.search import Filter
from appliance.errors import GloveboxError
from appliance.formats.indicators import GENERATOR
from appliance.ids import meaning, rule_text
from appliance.intel.meetings import entry_of
from appliance.reports.rules import RulesReport
from appliance.ruleset import quiet
from appliance.ruleset.quiet import HOURLY, SOURCE, TARGET, Quieted, QuietError, QuietWish
from appliance.store.database import StoreError

if TYPE_CHECKING:
    from appliance.web.facts import Facts

SAMPLE = 1_000
MOST_ENDS = 8
TIMES = {"hour": 3600, "day": 86_400, "week": 7 * 86_400, "always": 0}
TIME_WORDS = {"hour": "for an hour", "day": "for a day", "week": "for a week", "always": "for good"}
_ASKED = ("sid", "way", "address", "time")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class QuietPlaces:
    """Where the list of what is quietened lies, and where the page asks for changes of it."""

    listed: Path = quiet.FOLDER
    requests: Path = quiet.REQUESTS


@dataclass(frozen=True)
class Preview:
    """What somebody thinks of quietening, and how many of the last alerts it would have hidden."""

    wanted: Quieted | None = None
    time: str = "always"
    hidden: int = 0
    among: int = 0
    wrong: str = ""


def blueprint(
    figures: Callable[[], Mapping[str, Any]], letters: Letters, places: QuietPlaces
) -> Blueprint:
    """Return the routes `/alerts/rule`, `/alerts/quiet` and `/alerts/quieten`."""
    routes = Blueprint("rules", __name__)

    @routes.get("/alerts/rule")
    def rule() -> ResponseReturnValue:
        parameters.allow(_ASKED)
        gid, sid = _rule(request.args)
        rows = _rows(letters, gid, sid)
        newest = max(rows, key=lambda row: row.last_id, default=None)
        listed, trouble = _listed(places)
        sample = _sample(letters, rows, gid, sid)
        of_rule = [each for each in listed if (each.gid, each.sid) == (gid, sid)]
        shown = {
            "gid": gid, "sid": sid, "newest": newest, "text": rule_text.find(gid, sid),
            "meaning": meaning.of(gid, sid, newest.classification if newest else None),
            "alerts": sum(row.alerts for row in rows),
            "first": min((row.first_us for row in rows), default=0),
            "sources": _ends(rows, sample, "source"), "sample": len(sample),
            "targets": _ends(rows, sample, "destination"),
            "times": TIME_WORDS, "quieted": of_rule, "trouble": trouble,
            "preview": _preview(letters, gid, sid), "ways": (SOURCE, TARGET, HOURLY),
            "of_lists": gid == GENERATOR,
            "entry": entry_of(newest.message if newest else "", sid),
        }  # fmt: skip
        return render_template("rule.html", **figures(), **shown)

    @routes.get("/alerts/quiet")
    def quieted() -> ResponseReturnValue:
        parameters.allow(("asked",))
        values, (listed, trouble) = figures(), _listed(places)
        return render_template(
            "quiet.html", **values, quieted=listed, trouble=trouble, refused=_refused(values),
            asked="asked" in request.args, now=time.time(),
        )  # fmt: skip

    @routes.post("/alerts/quieten")
    def quieten() -> ResponseReturnValue:
        wish = _wish()
        try:
            quiet.inbox(places.requests).post(wish)
        except (OSError, GloveboxError) as error:
            log.error("no request to quieten a rule: %s", error)
            raise ServiceUnavailable("The request cannot be written. Try again later.") from error
        word = "speaks again" if wish.lift else wish.what.words
        log.warning("rule %d:%d: %s, as %s wished", wish.what.gid, wish.what.sid, word,
                    request.remote_addr)  # fmt: skip
        return redirect(url_for("rules.quieted", asked=1), 303)

    return routes


def _rule(fields: Mapping[str, str]) -> tuple[int, int]:
    gid, _, sid = text(fields, "sid").partition(":")
    if not (parameters.WHOLE.fullmatch(gid) and parameters.WHOLE.fullmatch(sid)):
        raise BadRequest("Expected sid as 1:1000140.")
    if max(int(gid), int(sid)) > quiet.LARGEST_NUMBER:
        raise BadRequest("There are no such rules.")
    return int(gid), int(sid)


def _rows(letters: Letters, gid: int, sid: int) -> list[Alike]:
    try:
        rows = letters.rows.read().rows.values()
    except StoreError as error:
        raise ServiceUnavailable(f"{error}.") from error
    return [row for row in rows if row.key[:2] == (gid, sid)]


def _sample(letters: Letters, rows: list[Alike], gid: int, sid: int) -> Sequence[Mapping[str, Any]]:
    """Return the newest alerts of a rule where its rows do not tell all addresses any more."""
    if not any(row.key.is_rest for row in rows):
        return ()
    return letters.history.find(Filter(gid=gid, sid=sid), SAMPLE).alerts


def _ends(
    rows: list[Alike], sample: Sequence[Mapping[str, Any]], side: str
) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for alert in sample:
        counts[alert[side]] += 1 + alert.get("alike", 0)
    for row in rows if not sample else ():
        counts[getattr(row.key, side)] += row.alerts
    return counts.most_common(MOST_ENDS)


def _listed(places: QuietPlaces) -> tuple[tuple[Quieted, ...], str]:
    """Return what is quietened, and what trouble there is with the list."""
    try:
        return quiet.read(places.listed).entries, ""
    except OSError as error:
        return (), f"The list cannot be read: {error.strerror}."
    except QuietError as error:
        return (), f"{error}."


def _refused(figures: Mapping[str, Any]) -> list[str]:
    """Return why the engine's configuration left lines of the list out."""
    facts: Facts = figures["facts"]
    told: RulesReport | None = facts.rules
    left_out = told.left_out if told else ()
    return [each.reason for each in left_out if each.file == quiet.LINES.name]


def _preview(letters: Letters, gid: int, sid: int) -> Preview:
    if "way" not in request.args:
        return Preview()
    period = request.args.get("time", "always")
    try:
        wanted = _quieted(request.args, gid, sid, period)
    except QuietError as error:
        return Preview(time=period, wrong=f"{str(error)[:1].upper()}{str(error)[1:]}.")
    page = letters.history.latest(SAMPLE)
    alerts = [
        (each["gid"], each["sid"], each["source"], each["destination"], _seconds(each))
        for each in reversed(page.alerts)
    ]
    return Preview(wanted, period, wanted.hides(alerts), len(alerts))


def _quieted(fields: Mapping[str, str], gid: int, sid: int, period: str) -> Quieted:
    if period not in TIMES:
        raise QuietError(f"expected one of {', '.join(TIMES)}")
    now = time.time()
    until = now + TIMES[period] if TIMES[period] else 0.0
    address = fields.get("address", "").strip()
    return quiet.checked(Quieted(gid, sid, fields.get("way", ""), address, until, now))


def _wish() -> QuietWish:
    """Return what the form asks for. Raises BadRequest."""
    gid, sid = _rule(request.form)
    try:
        what = _quieted(request.form, gid, sid, request.form.get("time", "always"))
    except QuietError as error:
        raise BadRequest(f"That cannot be: {error}.") from error
    return QuietWish(what, lift=request.form.get("lift") == "yes")


def _seconds(alert: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(alert["time"]).timestamp()
