# SPDX-License-Identifier: MIT
"""`/settings`: every setting as a form, what holds and why, and all of them as glovebox.toml."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound, ServiceUnavailable

from appliance import requests
from appliance.access import parameters
from appliance.access.guard import text
from appliance.amending import fields, overlay, standing
from appliance.amending.overlay import OverlayError, PageSetting, PageSettings
from appliance.amending.standing import SettingStanding
from appliance.probation.policy import SECTIONS as NETWORK
from appliance.reports.page_settings import PageSettingsReport
from appliance.reports.statusfile import RUNTIME_DIRECTORY
from appliance.settings.owner_file import NAME

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AmendingPlaces:
    """Where changes are kept, where status files lie, and where a restart is asked for."""

    kept: Path = overlay.FOLDER
    runtime: Path = RUNTIME_DIRECTORY
    reboot: Path = requests.REBOOT


def blueprint(figures: Callable[[], Mapping[str, Any]], places: AmendingPlaces) -> Blueprint:
    """Return the routes `/settings`, `/settings/SECTION` and `/settings/file`."""
    routes = Blueprint("amending", __name__)

    @routes.get("/settings", endpoint="show")
    def show() -> ResponseReturnValue:
        parameters.allow(("did",))
        page, trouble = _read(places)
        return _drawn(figures, _standing(places, page), page, trouble)

    @routes.get("/settings/file", endpoint="download")
    def download() -> ResponseReturnValue:
        page, _ = _read(places)
        answer = Response(
            standing.download(fields.template(), _standing(places, page)), mimetype="text/plain"
        )
        answer.headers["Content-Disposition"] = f'attachment; filename="{NAME}"'
        return answer

    @routes.post("/settings/<section>", endpoint="change")
    def change(section: str) -> ResponseReturnValue:
        page, trouble = _read(places)
        stands = _standing(places, page)
        if section not in stands or trouble:
            raise ServiceUnavailable(trouble) if trouble else NotFound("No such section.")
        made, judged = _made(stands[section])
        if any(each.error for each in judged):
            drawn = _drawn(figures, {**stands, section: judged}, page, "", opened=section)
            return drawn, BadRequest.code
        _keep(places, page, section, made)
        return redirect(url_for("amending.show", did=section, _anchor=section), 303)

    @routes.post("/settings", endpoint="act")
    def act() -> ResponseReturnValue:
        what = text(request.form, "what")
        if what == "undo":
            page, trouble = _read(places)
            if trouble:
                raise ServiceUnavailable(trouble)
            _write(places, page, page.before)
            return redirect(url_for("amending.show", did="undo"), 303)
        if what != "restart":
            raise BadRequest("That is no button of this page.")
        try:
            requests.reboot(places.reboot)
        except OSError as error:
            log.error("no request for a restart: %s", error)
            raise ServiceUnavailable("The request cannot be written. Try again later.") from error
        log.warning("this machine restarts, as %s wished", request.remote_addr)
        return redirect(url_for("amending.show", did="restart"), 303)

    return routes


def _read(places: AmendingPlaces) -> tuple[PageSettings, str]:
    try:
        return overlay.read(places.kept), ""
    except OverlayError as error:
        return PageSettings(), f"{str(error)[:1].upper()}{str(error)[1:]}."


def _standing(places: AmendingPlaces, page: PageSettings) -> dict[str, list[SettingStanding]]:
    report = PageSettingsReport.read(places.runtime)
    return standing.standing(fields.fields(fields.template()), report, page)


def _made(stands: Sequence[SettingStanding]) -> tuple[list[PageSetting], Sequence[SettingStanding]]:
    """Return the changes of a section that the form asks for, and the fields with their errors."""
    back = request.form.get("back")
    if back is None:
        return standing.changed(stands, request.form)
    kept = [each.page for each in stands if each.page and each.field.key != back]
    return kept, [replace(each, error="") for each in stands]


def _keep(
    places: AmendingPlaces, page: PageSettings, section: str, made: Sequence[PageSetting]
) -> None:
    others = [each for each in page.entries if each.section != section]
    if tuple(others) + tuple(made) != page.entries:
        names = ", ".join(each.key for each in made) or "nothing"
        _write(places, page, [*others, *made])
        log.warning("[%s]: %s set by %s", section, names, request.remote_addr)


def _write(places: AmendingPlaces, page: PageSettings, entries: Sequence[PageSetting]) -> None:
    try:
        overlay.keep(places.kept, page, entries)
    except OverlayError as error:
        log.error("a setting is not kept: %s", error)
        raise ServiceUnavailable(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error


def _drawn(
    figures: Callable[[], Mapping[str, Any]],
    stands: Mapping[str, Sequence[SettingStanding]],
    page: PageSettings,
    trouble: str,
    opened: str = "",
) -> str:
    every = [each for section in stands.values() for each in section]
    return render_template(
        "settings.html", **figures(), sections=stands, trouble=trouble, opened=opened,
        waiting=[each for each in every if each.waits], network=NETWORK,
        can_undo=page.before != page.entries, did=request.args.get("did", ""),
        changed=sum(each.is_changed for each in every),
    )  # fmt: skip
