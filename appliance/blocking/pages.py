# SPDX-License-Identifier: MIT
"""Blocking on the page: its line on the overview, and the owner's buttons."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance import words
from appliance.access.guard import logged_in, text
from appliance.blocking import wishes
from appliance.blocking.wishes import Wish, WishKind
from appliance.errors import GloveboxError
from appliance.formats import plain_address
from appliance.reports.blocking import BlockingReport
from appliance.router.reading import only_reads

# glovebox-blocking remembers it for a day, unless it is started anew.
TELL_S, MOST_TOLD = 600.0, 64

log = logging.getLogger(__name__)


class Owners:
    """Tells glovebox-blocking from where the owner looks at the page: nobody there is blocked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: dict[str, float] = {}

    def note(self, address: str, now: float) -> None:
        """Take where a request with a session came from. What is private is safe anyway."""
        found = plain_address.read(address)
        if found is None or not found.is_global or now - self._told.get(address, -TELL_S) < TELL_S:
            return
        recent = list(self._told.items())[-MOST_TOLD:]
        self._told = dict(recent) | {address: now}
        try:
            wishes.inbox(self._folder).post(Wish(WishKind.OWNER, address))
        except (OSError, GloveboxError) as error:
            log.debug("glovebox-blocking is not told of %s: %s", address, error)


def line(figures: Mapping[str, Any]) -> str:
    """Say how many routers answer, and how many networks are blocked."""
    report: BlockingReport | None = figures["facts"].blocking
    if report is None or not report.routers:
        return "No router is set up."
    reached = sum(router.reached for router in report.routers)
    routers = f"{reached} of {words.counted(len(report.routers), 'router')} answer."
    would = "" if report.mode == "on" else " would be"
    return f"{routers} {words.counted(report.count, 'network')}{would} blocked."


def blueprint(folder: Path = wishes.FOLDER, read: bool = True) -> Blueprint:
    """Return the route `/router/wish`; `folder` is the inbox of glovebox-blocking.

    Without a router in the settings nobody reads it (`read`).
    """
    routes = Blueprint("router", __name__)
    owners = Owners(folder)

    @routes.before_app_request
    def note() -> None:
        if read and logged_in():
            owners.note(request.remote_addr or "", time.monotonic())

    @routes.post("/router/wish", endpoint="request")
    def ask() -> ResponseReturnValue:
        wish = _wish()
        try:
            wishes.inbox(folder).post(wish)
        except (OSError, GloveboxError) as error:
            log.error("no request to glovebox-blocking: %s", error)
            raise ServiceUnavailable(f"The request cannot be written: {error}.") from error
        return redirect(url_for("pages.router"), 303)

    return routes


def _wish() -> Wish:
    """Return what the form asks for. Raises BadRequest."""
    what = text(request.form, "what")[:80]
    try:
        kind = WishKind(text(request.form, "kind"))
        if kind is WishKind.OWNER:
            raise ValueError("not by a button")
        if kind is WishKind.ASK:
            return _question(what)
        if kind in (WishKind.BLOCK, WishKind.LIFT, WishKind.NEVER, WishKind.AGAIN):
            what = str(wishes.network_of(what))
    except ValueError as error:
        raise BadRequest("That is no address, or no button of this page.") from error
    certificate = text(request.form, "certificate")[:64] if kind is WishKind.TRUST else ""
    return Wish(kind, what, certificate=certificate)


def _question(what: str) -> Wish:
    """Return what is asked of a router, or of all. Raises BadRequest."""
    command = text(request.form, "command")[:600].strip()
    if not only_reads(command):
        raise BadRequest(
            "Only plain prints and exports are asked here, like /system resource print or "
            "/ip/firewall/filter export."
        )
    return Wish(WishKind.ASK, what, command=command)
