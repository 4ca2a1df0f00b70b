# SPDX-License-Identifier: MIT
"""`/devices/ADDRESS`: one device with all that is known of it; its name can be changed there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound, ServiceUnavailable

from appliance import words
from appliance.access import parameters
from appliance.access.guard import text
from appliance.alerts import ends, triage
from appliance.alerts.inbox_page import Letters
from appliance.alerts.search import Filter
from appliance.alerts.triage import SortedInbox
from appliance.devices import owner_names
from appliance.devices.announced import LONGEST_NAME
from appliance.devices.directory import DeviceDirectory, KnownDevice, KnownDevices
from appliance.devices.owner_names import OwnerNameError
from appliance.flows.pages import HostPages
from appliance.formats import plain_address
from appliance.store.database import StoreError

if TYPE_CHECKING:
    from appliance.web.facts import Facts

MOST_ROWS, MOST_LISTED = 10, 200

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeviceSources:
    """Where the page of a device comes from: names, alerts, traffic."""

    directory: DeviceDirectory
    letters: Letters
    hosts: HostPages


def blueprint(figures: Callable[[], Mapping[str, Any]], sources: DeviceSources) -> Blueprint:
    """Return the routes `/devices/list`, `/devices/ADDRESS` and `/api/devices`."""
    routes = Blueprint("devices", __name__)

    @routes.get("/devices/list", endpoint="every")
    def every() -> ResponseReturnValue:
        parameters.allow(())
        shown = figures()
        found = shown["devices"].all()
        return render_template("devices_heard.html", **shown, found=found[:MOST_LISTED],
                               more=len(found) - MOST_LISTED)  # fmt: skip

    @routes.get("/api/devices", endpoint="api")
    def api() -> ResponseReturnValue:
        parameters.allow(())
        return jsonify(devices=[_json(each) for each in figures()["devices"].all()])

    @routes.get("/devices/<address>", endpoint="one")
    def one(address: str) -> ResponseReturnValue:
        parameters.allow(("did",))
        plain = _address(address)
        if plain != address:
            return redirect(url_for("devices.one", address=plain), 301)
        shown = figures()
        devices: KnownDevices = shown["devices"]
        device = devices.device(plain)
        values = {
            "device": device, "others": _others(devices, plain), "longest": LONGEST_NAME,
            "did": "did" in request.args, "now": time.time(), "bars": triage.bars,
            "has_traffic": _has_traffic(sources.hosts, plain), **_alerts(sources.letters, plain),
        }  # fmt: skip
        return render_template("device.html", **shown, **values)

    @routes.post("/devices/<address>", endpoint="rename")
    def rename(address: str) -> ResponseReturnValue:
        plain = _address(address)
        key = figures()["devices"].device(plain).key
        folder = sources.directory.names
        try:
            if "undo" in request.form:
                owner_names.undo(folder, key)
            else:
                owner_names.rename(folder, key, text(request.form, "name"))
        except OwnerNameError as error:
            log.error("a device keeps its name: %s", error)
            kind = BadRequest if "at most" in str(error) else ServiceUnavailable
            raise kind(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
        return redirect(url_for("devices.one", address=plain, did=1), 303)

    return routes


def line(figures: Mapping[str, Any]) -> str:
    """Say how many devices have an address, and how many films there are for how many players."""
    facts: Facts = figures["facts"]
    films = facts.health.films
    parts = [_given_out(facts)]
    if heard := sum(device.last > 0 for device in figures["devices"].all()):
        parts.append(f"{words.counted(heard, 'device')} heard.")
    if films is not None:
        players = words.counted(len(films.library.clients), "player")
        parts.append(f"{words.counted(films.library.video, 'film')}, {players}.")
    return " ".join(parts)


def _given_out(facts: Facts) -> str:
    serving = [port for port in facts.ports if port.serving]
    if not serving:
        return "No addresses are given out."
    count = sum(len(port.devices) for port in serving)
    return f"{words.counted(count, 'device')} {'has' if count == 1 else 'have'} an address."


def _address(written: str) -> str:
    """Return an address as it is stored. Raises NotFound."""
    found = plain_address.read(written[:45])
    if found is None:
        raise NotFound("That is no address of a device.")
    return str(found)


def _json(device: KnownDevice) -> dict[str, Any]:
    return {
        "address": device.address,
        "name": device.name or None,
        "said_by": device.said_by or None,
        "mac": device.station or None,
        "vendor": device.vendor or None,
        "first_heard": words.utc(device.first) if device.first else None,
        "last_heard": words.utc(device.last) if device.last else None,
    }


def _others(devices: KnownDevices, address: str) -> list[str]:
    station = devices.device(address).station
    found = [each.address for each in devices.of_station(station) if each.address != address]
    return sorted(found, key=lambda each: (ip_address(each).version, ip_address(each)))


def _alerts(letters: Letters, address: str) -> dict[str, Any]:
    """Return the rows of the inbox that this address is in, the gravest first."""
    wanted = Filter(ends=ends.parse(address, {}))
    try:
        rows, marks = letters.rows.read().rows.values(), letters.marks.all()
    except StoreError as error:
        return {"found": SortedInbox(), "items": (), "trouble": f"{error}."}
    found = triage.sort(rows, marks, wanted, "", letters.homes)
    return {"found": found, "items": found.items[:MOST_ROWS], "trouble": ""}


def _has_traffic(hosts: HostPages, address: str) -> bool:
    try:
        return hosts.has(ip_address(address))
    except StoreError:
        return False
