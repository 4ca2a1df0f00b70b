# SPDX-License-Identifier: MIT
"""`glovebox alerts`: list, follow or export the stored alerts, for people at a terminal."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from appliance.alerts import asked, service
from appliance.alerts.asked import FIELDS
from appliance.alerts.export import alert_tables
from appliance.alerts.export.alert_tables import ALERT_FIELDS
from appliance.alerts.pages import AlertPage, AlertPages
from appliance.alerts.search import Filter
from appliance.alerts.store import DATABASE
from appliance.alerts.way import Homes
from appliance.devices.directory import DeviceDirectory, KnownDevices
from appliance.errors import InputError
from appliance.reports import dhcp
from appliance.reports.statusfile import RUNTIME_DIRECTORY, NotPublishedError
from appliance.settings import config

LIST, FOLLOW, EXPORT = "list", "follow", "export"
PAGE = 500
_NOT_SHOWN = re.compile(r"[^\x20-\x7e\u00a0-\uffff]")


def main(argv: Sequence[str]) -> int:
    """Show alerts; `--help` tells the exit statuses.

    Without one of the three words it is the service, whose name this was.
    """
    if argv and argv[0].startswith("-") and argv[0] not in ("-h", "--help"):
        return service.main(argv)
    arguments = _parser().parse_args(argv)
    history, devices = AlertPages(arguments.database), _devices()
    wanted = _wanted(arguments, devices)
    if arguments.action == FOLLOW:
        follow(history, wanted, lambda alert: _print(alert, arguments.json, devices))
        return 0
    found = list(newest(history, wanted, arguments.limit))
    if arguments.action == EXPORT and not arguments.json:
        sys.stdout.write(alert_tables.table(found, ALERT_FIELDS))
        return 0
    for alert in found:
        _print(alert, arguments.json, devices)
    return 0


def newest(history: AlertPages, wanted: Filter, limit: int) -> Iterator[Mapping[str, Any]]:
    """Yield the newest alerts that fit, at most `limit`, newest first. Raises InputError."""
    before, left = None, limit
    while left > 0:
        page = _page(history, wanted, min(PAGE, left), before)
        yield from page.alerts
        left -= len(page.alerts)
        before = page.older
        if before is None:
            return


def follow(
    history: AlertPages,
    wanted: Filter,
    show: Callable[[Mapping[str, Any]], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Show what is stored from now on, until `pause` raises; a store that is away is waited for."""
    seen = max((alert["id"] for alert in history.latest(1).alerts), default=0)
    while True:
        for alert in _after(history, wanted, seen):
            seen = max(seen, alert["id"])
            show(alert)
        pause(1.0)


def line(alert: Mapping[str, Any], devices: KnownDevices) -> str:
    """Return an alert as a line without anything that a terminal obeys."""
    ends = [_end(alert, side, devices) for side in ("source", "destination")]
    rule = f"{alert['gid']}:{alert['sid']}:{alert['rev']}"
    words = (str(alert["time"])[:19], f"p{alert['priority']}", str(alert["message"]), f"[{rule}]")
    return _NOT_SHOWN.sub("?", " ".join((*words, alert["protocol"] or "", " -> ".join(ends))))


def _after(history: AlertPages, wanted: Filter, seen: int) -> list[Mapping[str, Any]]:
    """Return what fits and was stored after `seen`, the oldest first."""
    found: list[Mapping[str, Any]] = []
    before = None
    while True:
        page = history.find(wanted, PAGE, before)
        found += [alert for alert in page.alerts if alert["id"] > seen]
        before = page.older
        if before is None or before <= seen + 1:
            return found[::-1]


def _page(history: AlertPages, wanted: Filter, limit: int, before: int | None) -> AlertPage:
    page = history.find(wanted, limit, before) if wanted else history.latest(limit, before)
    if page.trouble:
        raise InputError(page.trouble.removesuffix("."))
    return page


def _end(alert: Mapping[str, Any], side: str, devices: KnownDevices) -> str:
    address, port = str(alert[side] or ""), alert[f"{side}_port"]
    host = f"[{address}]" if ":" in address and port is not None else address
    joined = host if port is None else f"{host}:{port}"
    name = devices.name(address)
    return f"{joined} ({name})" if name else joined


def _print(alert: Mapping[str, Any], as_json: bool, devices: KnownDevices) -> None:
    print(json.dumps(alert) if as_json else line(alert, devices), flush=True)


def _devices() -> KnownDevices:
    try:
        ports = dhcp.read_all(RUNTIME_DIRECTORY)
    except NotPublishedError:
        ports = ()
    return DeviceDirectory(RUNTIME_DIRECTORY).now(ports)


def _wanted(arguments: argparse.Namespace, devices: KnownDevices) -> Filter:
    given = {name: getattr(arguments, name) for name in FIELDS if getattr(arguments, name)}
    homes = Homes(config.load()[0].ids.home_networks)
    wanted, errors = asked.parse(given, devices.addresses(), homes)
    if errors:
        raise InputError(" ".join(errors).removesuffix("."))
    return wanted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox alerts",
        description="Show the stored alerts: the newest (list), those that come (follow), or as CSV"
        " (export). The fields of the filter are those of the page.",
        epilog="exit status: 0 done; 1 there is no store that can be read; 2 bad usage. What"
        " begins with a hyphen is for the service, which is `glovebox alert-store` now.",
    )
    add = parser.add_argument
    add("action", choices=(LIST, FOLLOW, EXPORT))
    for name in FIELDS:
        add(f"--{name}", default="", help=argparse.SUPPRESS if name in ("source", "destination")
            else f"as on the page: {name}")  # fmt: skip
    add("--limit", type=_limit, default=50, help="how many at most (%(default)s)")
    add("--json", action="store_true", help="a line of JSON for each")
    add("--database", type=Path, default=DATABASE, help="where they are (%(default)s)")
    return parser


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) < 9):
        raise argparse.ArgumentTypeError("expected a number from 1 to 99999999")
    return int(text)
