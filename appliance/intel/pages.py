# SPDX-License-Identifier: MIT
"""`/intel`: the lists, who met what is on them, and whether a name or an address is listed."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance.formats import plain_address
from appliance.formats.indicators import RefusedEntryError, read_name
from appliance.formats.list_sources import KNOWN
from appliance.intel import allowed, kept_lists, meetings
from appliance.intel.allowed import Allowed, allowed_of
from appliance.intel.kept_lists import ListVerdict
from appliance.intel.list_feeds import answer_feed
from appliance.intel.list_outputs import OUTPUTS
from appliance.intel.wishes import IntelWish, IntelWishKind, inbox
from appliance.reports.fetch import FetchReport
from appliance.reports.intel import IntelListsReport, IntelReport, ZoneReport
from appliance.requests import FullError
from appliance.zone import signing_key

LONGEST = 253

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """What the lists say of what was asked; `wrong` where it was no name and no address."""

    asked: str
    wrong: bool = False
    found: tuple[ListVerdict, ...] = ()
    allowed: bool = False


def blueprint(
    figures: Callable[[], Mapping[str, Any]],
    allow: Sequence[str],
    runtime: Path,
    folder: Path,
    wishes: Path,
    zone: Path,
) -> Blueprint:
    """Return the routes; `figures` is the frame of each page, `allow` is what the settings allow.

    `runtime` holds the status files, `folder` the lists, `wishes` what the owner agrees to,
    `zone` the key of who takes them as a zone.
    """
    routes = Blueprint("intel", __name__)

    @routes.get("/intel")
    def show() -> ResponseReturnValue:
        asked = request.args.get("q", "").strip()[:LONGEST]
        clicked = allowed.read(folder)
        quiet = allowed_of((*allow, *clicked))
        lists = IntelListsReport.read(runtime)
        held = [each.facts for each in lists.lists if each.facts] if lists else []
        shown = {
            "answer": answer(asked, folder, quiet) if asked else None,
            "lists": lists,
            "since": {each.name: each.taken for each in held},
            "fetched": FetchReport.read(runtime),
            "known_sources": KNOWN.values(),
            "matcher": IntelReport.read(runtime),
            "allow": allow,
            "clicked": clicked,
            "outputs": tuple(OUTPUTS),
            "zone": ZoneReport.read(runtime),
            "zone_key": signing_key.read(zone),
            "sid_of": meetings.sid_of,
            "gid": meetings.GID,
        }
        return render_template("intel.html", **figures(), **shown)

    @routes.get("/feeds/lists/<name>")
    def feed(name: str) -> ResponseReturnValue:
        return answer_feed(name, folder, allow)

    @routes.post("/intel")
    def ask() -> ResponseReturnValue:
        wish = wish_of(request.form)
        try:
            inbox(wishes).post(wish)
        except (OSError, FullError, ValueError) as error:
            log.error("no request to %s %.64r: %s", wish.kind.value, wish.what, error)
            raise ServiceUnavailable("The request cannot be written.") from error
        log.warning("%s %.64r, as %s wished", wish.kind.value, wish.what, request.remote_addr)
        return redirect(url_for("intel.show"), 303)

    return routes


def wish_of(form: Mapping[str, str]) -> IntelWish:
    """Return what a button of the page asks for. Raises BadRequest."""
    for kind in (IntelWishKind.ALLOW, IntelWishKind.UNDO):
        entry = form.get(kind.value, "")[: LONGEST + 1]
        if entry and allowed_of([entry]) != Allowed():
            return IntelWish(kind, entry)
    name, _, digest = form.get("list", "")[:200].rpartition(" ")
    if not name or len(digest) != 64:
        raise BadRequest("That is no button of this page.")
    return IntelWish(IntelWishKind.AGREE, name, digest)


def answer(asked: str, folder: Path, quiet: Allowed) -> ListAnswer:
    """Look up a name or an address in all lists."""
    address = plain_address.read(asked)
    with contextlib.ExitStack() as stack:
        kept = kept_lists.opened(folder, stack)
        if address is not None:
            found = kept_lists.who_lists(kept, address)
            return ListAnswer(str(address), False, tuple(found), quiet.address(address))
        try:
            name = read_name(asked)
        except RefusedEntryError:
            return ListAnswer(asked, wrong=True)
        return ListAnswer(name, False, tuple(kept_lists.who_lists(kept, name)), quiet.name(name))
