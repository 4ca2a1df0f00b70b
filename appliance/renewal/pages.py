# SPDX-License-Identifier: MIT
"""Rule sets on the page: which can be chosen and on which terms, what is in force, the way back."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance.renewal.wishes import WISHES, RenewalWish, RenewalWishKind, inbox
from appliance.reports.fetch import FetchReport, SourceStanding
from appliance.reports.rules import RenewalReport
from appliance.requests import FullError
from appliance.ruleset import chosen_sets, set_places
from appliance.settings.config import Config
from appliance.settings.sections.rules import RULE_SETS, RuleSetSource

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RuleSetPlaces:
    """What was chosen, and where the page asks for something."""

    folder: Path = set_places.FOLDER
    wishes: Path = WISHES


@dataclass(frozen=True)
class RuleSetsView:
    """What the templates show.

    `offers` are sets for this engine, `chosen` the names of those that were taken on the page,
    `named` of those in the settings. `undecided`: the owner has neither taken nor declined any.
    """

    offers: Sequence[RuleSetSource]
    chosen: Sequence[str]
    named: Sequence[str]
    undecided: bool
    report: RenewalReport | None
    fetched: Mapping[str, SourceStanding]
    waits: bool


def install(app: Flask, config: Config, runtime: Path, places: RuleSetPlaces) -> None:
    """Add the route, and what templates call for the view; `runtime` has the status files."""

    def view() -> RuleSetsView:
        return _view(config, runtime, places)

    app.jinja_env.globals["rule_sets"] = view
    app.register_blueprint(_blueprint(places))


def _view(config: Config, runtime: Path, places: RuleSetPlaces) -> RuleSetsView:
    engine, named = config.ids.engine, config.rules.sources
    offers = [each for each in RULE_SETS.values() if each.for_engine(engine)]
    fetched = FetchReport.read(runtime)
    decided = bool(named) or chosen_sets.is_decided(places.folder)
    return RuleSetsView(
        offers, chosen_sets.read(places.folder), named, bool(offers) and not decided,
        RenewalReport.read(runtime),
        {each.name: each for each in fetched.rule_sets} if fetched else {},
        _waits(places.wishes),
    )  # fmt: skip


def _waits(wishes: Path) -> bool:
    try:
        return any(not each.name.startswith(".") for each in wishes.iterdir())
    except OSError:
        return False


def _blueprint(places: RuleSetPlaces) -> Blueprint:
    routes = Blueprint("renewal", __name__)

    @routes.post("/intel/rules")
    def ask() -> ResponseReturnValue:
        wish = wish_of(request.form)
        try:
            inbox(places.wishes).post(wish)
        except (OSError, FullError, ValueError) as error:
            log.error("no request to %s %.64r: %s", wish.kind.value, wish.what, error)
            raise ServiceUnavailable("The request cannot be written.") from error
        log.warning("%s %.64r, as %s wished", wish.kind.value, wish.what, request.remote_addr)
        return redirect(url_for("intel.show", _anchor="sets-title"), 303)

    return routes


def wish_of(form: Mapping[str, str]) -> RenewalWish:
    """Return what a button of the page asks for. Raises BadRequest."""
    if (name := form.get("choose", "")) in RULE_SETS:
        return RenewalWish(RenewalWishKind.CHOOSE, name)
    if (name := form.get("leave", "")) in RULE_SETS or form.get("leave") == "all":
        return RenewalWish(RenewalWishKind.LEAVE, name if name in RULE_SETS else "")
    if form.get("back") == "yes":
        return RenewalWish(RenewalWishKind.BACK)
    name, _, digest = form.get("agree", "")[:200].rpartition(" ")
    if not name or len(digest) != 64:
        raise BadRequest("That is no button of this page.")
    return RenewalWish(RenewalWishKind.AGREE, name, digest)
