# SPDX-License-Identifier: MIT
"""`/hosts`: who had how much, and one host over a day, a week, a month and a year."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound, ServiceUnavailable

from appliance.charts import traffic
from appliance.charts.traffic import Traffic
from appliance.flows import host_reader, periods
from appliance.flows.host_reader import NOBODY, Address, Amount, HostReader, Sum
from appliance.flows.schema import DATABASE, Detail, Grain
from appliance.reports.flows import FlowsReport
from appliance.settings.sections.flows import FlowsConfig
from appliance.store.database import StoreError
from appliance.udp.sources import address_of, key_of

MOST_SHOWN, MOST_SHARES = 100, 30
# Of how many days peers and services can be seen together, and in words.
DAYS = {1: "today", 7: "in 7 days", 30: "in 30 days"}
DAY_S, WEEK_S, MONTH_S, YEAR_S = 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400
PROTOCOLS = {1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 47: "GRE", 50: "ESP", 58: "ICMPv6"}
SERVICES = {
    21: "FTP", 22: "SSH", 23: "Telnet", 25: "mail", 53: "DNS", 67: "DHCP", 80: "HTTP", 123: "NTP",
    143: "IMAP", 443: "HTTPS", 445: "SMB", 465: "mail", 587: "mail", 853: "DNS", 993: "IMAP",
    1194: "OpenVPN", 1900: "SSDP", 3389: "RDP", 5060: "SIP", 5353: "mDNS", 8080: "HTTP",
    8291: "WinBox", 13231: "WireGuard", 51820: "WireGuard",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HostLine:
    """A host in the table: `name` is empty where none is known."""

    address: Address
    name: str
    today: Sum
    month: Sum


@dataclass(frozen=True, slots=True)
class Graph:
    """A picture with its title; `reach` says how long it is, `total` what was in that time."""

    title: str
    reach: str
    picture: Traffic
    total: Sum


@dataclass(frozen=True, slots=True)
class Share:
    """A peer or a service of a host; without a name it is all others together."""

    name: str
    found: Sum


class HostPages:
    """What the pages show of the store. Several threads may use it."""

    def __init__(self, settings: FlowsConfig, path: Path = DATABASE) -> None:
        self._reader = HostReader(path)
        self._starts_on = settings.month_starts_on

    def lines(self, now: float, name: Callable[[str], str]) -> tuple[list[HostLine], Sum]:
        """Return the hosts, the busiest of the month first, and what is of none of them.

        `name` says what an address is called.
        """
        until = int(now) + DAY_S
        month = self._reader.hosts(periods.month(now, self._starts_on), until)
        today = self._reader.hosts(periods.day(now), until)
        found = [
            HostLine(host, name(str(host)), today.get(host, Sum()), used)
            for host, used in month.items()
            if host != NOBODY
        ]
        found.sort(key=lambda line: (-line.month.both, line.address.version, line.address))
        return found, month.get(NOBODY, Sum())

    def has(self, host: Address) -> bool:
        """Tell whether there are totals of a host. Raises StoreError."""
        return self._reader.has(host)

    def day(self, now: float) -> Graph:
        """Return the last day of all hosts together."""
        return self._graph("All together", None, Grain.STEP, now, DAY_S, Grain.STEP, "24 hours")

    def graphs(self, host: Address, now: float) -> list[Graph]:
        """Return the four pictures of a host."""
        return [
            self._graph("Day", host, Grain.STEP, now, DAY_S, Grain.STEP, "24 hours"),
            self._graph("Week", host, Grain.HOUR, now, WEEK_S, Grain.HOUR, "7 days"),
            self._graph("Month", host, Grain.HOUR, now, MONTH_S, 2 * Grain.HOUR, "30 days"),
            self._graph("Year", host, Grain.DAY, now, YEAR_S, Grain.DAY, "a year"),
        ]

    def peers(self, host: Address, since: int) -> list[Share]:
        """Return with whom a host had to do since a day began."""
        found = self._reader.details(host, Detail.PEERS, since)
        return _shares(
            ("" if not (high or low) else str(host_reader.address_of_halves(high, low)), used)
            for high, low, used in found
        )

    def services(self, host: Address, since: int) -> list[Share]:
        """Return by which services a host had to do with others since a day began."""
        found = self._reader.details(host, Detail.SERVICES, since)
        return _shares((service(low) if low else "", used) for _, low, used in found)

    def _graph(
        self, title: str, host: Address | None, span: Grain, now: float, length: int, step: int,
        reach: str,
    ) -> Graph:  # fmt: skip
        begin = _begin(now, length, step)
        points = self._reader.series(host, span, begin, int(now) + 1)
        count = length // step
        came, went = _rates(points, begin, step, count)
        drawn = traffic.picture(came, went, _known(self._reader.reach(span), begin, step, count))
        return Graph(title, reach, drawn, host_reader.total(points))


def _begin(now: float, length: int, step: int) -> int:
    """Return when a picture begins whose last value is of the time that is not over."""
    if step == Grain.DAY:
        return periods.day(periods.day(now) - length + step + DAY_S // 2)
    return int(now) // step * step - length + step


def _shares(found: Iterable[tuple[str, Sum]]) -> list[Share]:
    """Return the greatest by name, and all others together without one, at the end."""
    shares, rest = list[Share](), Sum()
    for name, used in found:
        if name and len(shares) < MOST_SHARES:
            shares.append(Share(name, used))
        else:
            rest = rest.plus(used.came, used.went)
    return [*shares, Share("", rest)] if rest.both else shares


def _known(reach: tuple[int, int] | None, begin: int, step: int, count: int) -> slice:
    """Return which steps are known: from the oldest row on to before the newest, not over yet."""
    if reach is None:
        return slice(0, 0)
    oldest, newest = (_index(each, begin, step) for each in reach)
    return slice(max(0, oldest), max(0, min(newest, count - 1)) or 1)


def _index(moment: int, begin: int, step: int) -> int:
    # Days are an hour longer or shorter where the clocks change.
    return (moment - begin + step // 4) // step


def _rates(
    points: Sequence[Amount], begin: int, step: int, count: int
) -> tuple[list[float], list[float]]:
    """Return bits a second to and from the host, for each step."""
    came, went = [0.0] * count, [0.0] * count
    for point in points:
        index = min(count - 1, _index(point.begin, begin, step))
        came[index] += point.came * 8 / step
        went[index] += point.went * 8 / step
    return came, went


def service(number: int) -> str:
    """Name a service: protocol << 16 | port."""
    protocol, port = number >> 16, number & 0xFFFF
    name = PROTOCOLS.get(protocol, f"protocol {protocol}")
    if not port:
        return name
    known = SERVICES.get(port)
    return f"{name} {port} ({known})" if known else f"{name} {port}"


def bits(rate: float) -> str:
    """Write bits a second in the unit that keeps a digit before the point."""
    for unit in ("bit/s", "kbit/s", "Mbit/s", "Gbit/s"):
        if rate < 999.5 or unit == "Gbit/s":
            break
        rate /= 1000
    return f"{rate:.3g} {unit}" if unit != "bit/s" else f"{rate:.0f} {unit}"


def blueprint(
    figures: Callable[[], Mapping[str, Any]], pages: HostPages, runtime: Path
) -> Blueprint:
    """Return the routes; `figures` returns what the frame of the page rests on."""
    routes = Blueprint("hosts", __name__)

    @routes.get("/hosts", endpoint="list")
    def every() -> ResponseReturnValue:
        shown, now = figures(), time.time()
        values = _list(pages, now, shown["devices"].name)
        report = FlowsReport.read(runtime)
        return render_template("hosts.html", **shown, **values, flows=report, bits=bits)

    @routes.get("/hosts/<host>", endpoint="one")
    def one(host: str) -> ResponseReturnValue:
        address = _address(host)
        if str(address) != host:
            return redirect(url_for("hosts.one", host=str(address)), 301)
        shown, now, days = figures(), time.time(), _days()
        values = {"days": days, "choices": DAYS, **_one(pages, address, now, days)}
        name = shown["devices"].name(str(address))
        return render_template("host.html", **shown, **values, host=address, name=name, bits=bits)

    @routes.get("/api/hosts", endpoint="api")
    def api() -> ResponseReturnValue:
        now = time.time()
        try:
            found, _ = pages.lines(now, figures()["devices"].name)
        except StoreError as error:
            raise ServiceUnavailable(f"{error}.") from error
        return jsonify(hosts=[_json(each) for each in found])

    return routes


def _list(pages: HostPages, now: float, name: Callable[[str], str]) -> dict[str, Any]:
    try:
        found, nobody = pages.lines(now, name)
        values = {"lines": found[:MOST_SHOWN], "nobody": nobody, "graph": pages.day(now)}
        return values | {"more": len(found) - MOST_SHOWN, "trouble": "", "zone": periods.zone(now)}
    except StoreError as error:
        return {"lines": [], "nobody": Sum(), "graph": None, "more": 0, "trouble": str(error)}


def _one(pages: HostPages, host: Address, now: float, days: int) -> dict[str, Any]:
    # Noon of the first day: where the clocks change, days have other lengths.
    since = periods.day(periods.day(now) + DAY_S // 2 - (days - 1) * DAY_S)
    try:
        found = {"graphs": pages.graphs(host, now), "peers": pages.peers(host, since)}
        return found | {"services": pages.services(host, since), "trouble": ""}
    except StoreError as error:
        return {"graphs": [], "peers": [], "services": [], "trouble": str(error)}


def _days() -> int:
    """Return of how many days peers are wanted. Raises BadRequest."""
    text = request.args.get("days", "1")
    found = next((days for days in DAYS if str(days) == text), None)
    if found is None:
        raise BadRequest(f"days: expected one of {', '.join(map(str, DAYS))}.")
    return found


def _address(text: str) -> Address:
    """Read an address. Raises NotFound."""
    try:
        return address_of(key_of(ip_address(text[:45])))
    except ValueError:
        raise NotFound("That is no address of a host.") from None


def _json(each: HostLine) -> Mapping[str, Any]:
    return {
        "address": str(each.address),
        "name": each.name,
        "today": {"in": each.today.came, "out": each.today.went},
        "month": {"in": each.month.came, "out": each.month.went},
    }
