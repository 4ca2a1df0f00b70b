# SPDX-License-Identifier: MIT
"""The status page: what the sensor does, read from status files and the alert database."""

from __future__ import annotations

import functools
import socket
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed, Unauthorized

from appliance import __version__
from appliance.access.guard import FOR_PROGRAMS, Access
from appliance.access.vault import Vault
from appliance.alerts import inbox_page, rule_page, stream_page
from appliance.alerts.alike_store import AlikeReader
from appliance.alerts.export import export_page
from appliance.alerts.inbox_page import Letters
from appliance.alerts.marks import MarkBook
from appliance.alerts.news import Newsroom
from appliance.alerts.pages import AlertPages
from appliance.alerts.rule_page import QuietPlaces
from appliance.alerts.way import Homes
from appliance.amending import overlay
from appliance.amending import pages as amending
from appliance.amending.pages import AmendingPlaces
from appliance.blindspots import pages as blindspots
from appliance.blocking import pages as blocking
from appliance.blocking import wishes
from appliance.charts import hours
from appliance.console import pages as console
from appliance.console import wishes as console_wishes
from appliance.console import xterm
from appliance.console.xterm import Xterm
from appliance.countries import address_columns
from appliance.countries.origins import Origins
from appliance.devices import owner_names
from appliance.devices import pages as devices
from appliance.devices.directory import DeviceDirectory
from appliance.devices.pages import DeviceSources
from appliance.evidence import pages as evidence
from appliance.evidence.pages import EvidencePlaces
from appliance.flows import pages as flows
from appliance.flows.pages import HostPages
from appliance.host import network
from appliance.intel import kept_lists
from appliance.intel import pages as intel
from appliance.intel import wishes as intel_wishes
from appliance.logs import pages as log_pages
from appliance.logs.drawn_days import DrawnDays
from appliance.neighbours import pages as neighbours
from appliance.notify import pages as notify_pages
from appliance.notify import wishes as notify_wishes
from appliance.questions import country_page
from appliance.questions import door as question_door
from appliance.questions import pages as questions
from appliance.renewal import pages as rule_sets
from appliance.renewal.pages import RuleSetPlaces
from appliance.reports.answers import AnswersReport
from appliance.requests import ACCEPTING, FILMS, REBOOT
from appliance.router import keeping
from appliance.router import pages as router
from appliance.settings.config import Config
from appliance.web import (
    accepting,
    api,
    copying,
    entry,
    erasing,
    live,
    metrics,
    pages,
    ready_templates,
    selftest,
    tabs,
    visits,
)
from appliance.web.monitor import Monitor
from appliance.zone import signing_key

LARGEST_BODY = 16_384  # bytes: a section of the settings, with keys or lists of addresses
YEAR = 365 * 24 * 3600
# Their addresses change with their content.
KEPT = ("static", "console.xterm")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the page asks other services for something, and what they keep for it to show.

    In `films` it asks for MEDIA to be opened, in `wishes` for a router or a block, in `reboot` for
    a restart of the machine, in `accepting` for accepting only some routers, in `agreeing` for a
    list to be taken; `routers` and `lists` hold what is kept of each, `quieting` is for rules that
    say less, `console` for a router's line, with `xterm` for its terminal, `telling` for channels
    of messages, `rule_sets` for those of the Internet. At `questions` flows are asked about. In
    `names` the page keeps what the owner calls devices, in `settings` what he changed; `evidence`
    are the packets around alerts, `origins` the tables of countries and owners, `zone` the key of
    who takes the lists as a zone.
    """

    films: Path = FILMS
    wishes: Path = wishes.FOLDER
    reboot: Path = REBOOT
    accepting: Path = ACCEPTING
    routers: Path = keeping.FOLDER
    quieting: QuietPlaces = QuietPlaces()
    lists: Path = kept_lists.FOLDER
    agreeing: Path = intel_wishes.WISHES
    zone: Path = signing_key.FOLDER
    rule_sets: RuleSetPlaces = RuleSetPlaces()
    console: Path = console_wishes.FOLDER
    xterm: Path = xterm.FOLDER
    names: Path = owner_names.FOLDER
    telling: Path = notify_wishes.WISHES
    settings: Path = overlay.FOLDER
    questions: Path = question_door.SOCKET
    evidence: EvidencePlaces = EvidencePlaces()
    origins: Path = address_columns.FOLDER


DOORS = Doors()


def create_app(
    config: Config,
    monitor: Monitor | None = None,
    history: AlertPages | None = None,
    vault: Vault | None = None,
    doors: Doors = DOORS,
    drawn: DrawnDays | None = None,
    hosts: HostPages | None = None,
) -> Flask:
    """Return the WSGI application for `config`.

    What the caller gives is shared, or replaces what the page rests on.
    """
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    ready_templates.install(app.jinja_env)
    app.jinja_env.globals |= {"title": config.web.title, "static_url": _static_urls(app)}
    app.jinja_env.globals |= {"machine": _machine, "hours": hours, "hostname": _name}
    app.jinja_env.globals |= {"tabs": tabs.TABS, "this_tab": _tab, "version": __version__}
    pastes = functools.partial(router.pastes, config.router, doors.routers)
    app.jinja_env.globals |= {"router_pastes": pastes}
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.after_request(_secure)
    app.register_error_handler(HTTPException, _show_error)
    sensor = monitor or Monitor(config), history or AlertPages()
    visits.install(app, sensor[0].directory)
    secrets = vault or Vault()
    guard = Access(secrets, config.web, sensor[0].directory, config.router.adlists)
    guard.install(app)
    app.extensions["access"] = guard
    requests = selftest.Requests(sensor[0].directory)
    directory = DeviceDirectory(sensor[0].directory, doors.names)
    origins = Origins(*(doors.origins / each.name for each in address_columns.FILES))
    app.jinja_env.globals["origin"] = origins.of
    figures = pages.Figures(sensor[0], Newsroom(sensor[1]), requests, directory).now
    app.register_blueprint(pages.blueprint(figures))
    homes, marks = Homes(config.ids.home_networks), MarkBook(secrets.directory)
    letters = Letters(AlikeReader(sensor[1].database), marks, sensor[1], homes)
    app.register_blueprint(inbox_page.blueprint(figures, letters))
    app.register_blueprint(export_page.blueprint(figures, letters))
    app.register_blueprint(stream_page.blueprint(figures, sensor[1], homes))
    app.register_blueprint(rule_page.blueprint(figures, letters, doors.quieting))
    app.register_blueprint(evidence.blueprint(figures, doors.evidence))
    found = hosts or HostPages(config.flows)
    app.register_blueprint(flows.blueprint(figures, found, sensor[0].directory))
    asks = functools.partial(question_door.ask, path=doors.questions)
    zone = config.system.zone or "UTC"
    app.register_blueprint(questions.blueprint(figures, asks, zone))
    app.register_blueprint(country_page.blueprint(figures, asks, zone))
    app.register_blueprint(blindspots.blueprint(figures, sensor[0].directory))
    app.register_blueprint(devices.blueprint(figures, DeviceSources(directory, letters, found)))
    app.register_blueprint(live.blueprint(figures))
    app.register_blueprint(selftest.blueprint(requests))
    app.register_blueprint(copying.blueprint(doors.films))
    app.register_blueprint(blocking.blueprint(doors.wishes, bool(config.router.routers)))
    app.register_blueprint(router.blueprint(config.router, doors.routers))
    app.register_blueprint(
        console.blueprint(
            [each.name for each in config.router.routers], doors.console, Xterm(doors.xterm)
        )
    )
    neighbours.install(app, sensor[0].directory)
    answers = functools.partial(AnswersReport.read, sensor[0].directory)
    app.jinja_env.globals |= {"router_answers": answers}
    app.register_blueprint(api.blueprint(sensor[0]))
    app.register_blueprint(entry.blueprint(guard))
    changes = AmendingPlaces(doors.settings, sensor[0].directory, doors.reboot)
    app.register_blueprint(amending.blueprint(figures, changes))
    app.register_blueprint(erasing.blueprint(guard, doors.reboot))
    app.register_blueprint(accepting.blueprint(sensor[0], doors.accepting))
    drawn = drawn or DrawnDays(config.system.zone or "UTC")
    app.register_blueprint(log_pages.blueprint(figures, config, sensor[0].directory, drawn))
    reports, allow = sensor[0].directory, config.intel.allow
    app.register_blueprint(
        intel.blueprint(figures, allow, reports, doors.lists, doors.agreeing, doors.zone)
    )
    app.register_blueprint(notify_pages.blueprint(figures, reports, doors.telling))
    rule_sets.install(app, config, reports, doors.rule_sets)
    app.register_blueprint(metrics.blueprint(sensor[0], sensor[1].database))
    return app


def _tab() -> tabs.Tab | None:
    return tabs.of(request.endpoint)


def _machine() -> str:
    """Name this machine as its network knows it: host name, and the likeliest address."""
    return ", ".join([socket.gethostname(), *map(str, network.addresses()[:1])])


def _name() -> str:
    """Name this machine as others find it by multicast DNS."""
    return f"{socket.gethostname().removesuffix('.local')}.local"


def _static_urls(app: Flask) -> Callable[[str], str]:
    """Return a maker of URLs that change with the content, so that browsers may keep the files."""
    versions = {
        file.name: f"{zlib.crc32(file.read_bytes()):08x}"
        for file in Path(app.static_folder or "").iterdir()
    }

    def static_url(name: str) -> str:
        return url_for("static", filename=name, v=versions[name])

    return static_url


def _secure(response: Response) -> Response:
    response.headers.update(HEADERS)
    if nonce := g.get("style_nonce"):
        styles = f"; style-src 'self' 'nonce-{nonce}'"
        response.headers["Content-Security-Policy"] += styles
    kept = request.endpoint in KEPT and response.status_code in (200, 304)
    response.headers["Cache-Control"] = f"max-age={YEAR}, immutable" if kept else "no-store"
    return response


def _show_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None:
        return error.get_response()
    headers = _headers(error)
    if request.path.startswith(FOR_PROGRAMS):
        return jsonify(error=error.description), error.code, headers
    return render_template("error.html", error=error), error.code, headers


def _headers(error: HTTPException) -> dict[str, str]:
    if isinstance(error, MethodNotAllowed):
        return {"Allow": ", ".join(sorted(set(error.valid_methods or ()) - {"OPTIONS"}))}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else {}
