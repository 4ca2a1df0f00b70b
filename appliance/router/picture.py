# SPDX-License-Identifier: MIT
"""A picture of a router: what its tables hold, read without changing anything."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from appliance.router.api import Connection, Fields
from appliance.router.refusals import Refusal, RefusedError

NAMES = (
    "/system/resource", "/system/identity", "/system/device-mode", "/system/clock",
    "/interface/list",
    "/interface/list/member", "/tool/sniffer", "/ip/traffic-flow", "/ip/traffic-flow/target",
    "/system/logging", "/system/logging/action", "/system/scheduler", "/ip/service",
    "/certificate", "/user", "/user/group", "/ip/firewall/filter", "/ip/firewall/raw",
    "/ip/firewall/mangle", "/ipv6/firewall/raw", "/ipv6/firewall/mangle",
    "/ip/address", "/ipv6/address", "/ip/route", "/ip/dns", "/ip/dns/adlist",
    "/system/ntp/client",
)  # fmt: skip
OLDEST = (7, 9)


@dataclass(frozen=True, slots=True)
class Picture:
    """Tables by menu; `refused` are those that could not be read, and why.

    `read_at` is when that was by our clock, since the epoch; 0 where it is not known.
    """

    tables: Mapping[str, tuple[Fields, ...]]
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    read_at: float = 0.0

    def rows(self, menu: str) -> tuple[Fields, ...]:
        """Return the rows of a menu, none where it could not be read."""
        return self.tables.get(menu, ())

    def single(self, menu: str) -> Fields:
        """Return the values of a menu of settings, empty where it could not be read."""
        return next(iter(self.rows(menu)), {})

    @property
    def version(self) -> tuple[int, ...]:
        """The version of RouterOS, (7, 22, 1); empty where it is not known."""
        text = self.single("/system/resource").get("version", "")
        return tuple(int(part[:6]) for part in re.findall(r"\d+", text.partition(" ")[0])[:4])

    @property
    def old(self) -> bool:
        """Whether it is older than what is known of RouterOS here."""
        return bool(self.version) and self.version < OLDEST

    @property
    def rebooted_ago(self) -> float:
        """For how many seconds it has been running; 0 where it does not say."""
        return span(self.single("/system/resource").get("uptime", ""))

    @property
    def clock_ahead(self) -> float | None:
        """By how many seconds its clock is ahead of ours; None where one of them is not known."""
        found = self.single("/system/clock")
        said = clock(found.get("date", ""), found.get("time", ""), found.get("gmt-offset", ""))
        return said - self.read_at if said is not None and self.read_at else None

    def allows(self, feature: str) -> bool:
        """Whether the device-mode allows a feature; a router without the mode allows everything."""
        return self.single("/system/device-mode").get(feature, "true") not in ("false", "no")

    @property
    def flagged(self) -> bool:
        """Whether the router suspects its own configuration, and so refuses some changes."""
        return is_yes(self.single("/system/device-mode").get("flagged", ""))

    @property
    def fasttracks(self) -> bool:
        """Whether a rule lets connections go past the firewall (FastTrack)."""
        return any(
            row.get("action") == "fasttrack-connection" and not is_yes(row.get("disabled", ""))
            for row in self.rows("/ip/firewall/filter")
        )

    def has_list(self, name: str) -> bool:
        """Whether an interface list has members."""
        members = self.rows("/interface/list/member")
        return any(row.get("list") == name for row in members)


def read(connection: Connection) -> Picture:
    """Read a router's tables. Raises RouterError where it can no longer be talked to."""
    tables: dict[str, tuple[Fields, ...]] = {}
    refused: dict[str, Refusal] = {}
    for menu in NAMES:
        try:
            tables[menu] = connection.rows(menu)
        except RefusedError as error:
            refused[menu] = error.why
    return Picture(tables, refused, time.time())


def clock(date: str, of_day: str, offset: str) -> float | None:
    """Return the time of RouterOS' clock, since the epoch; None for what is none.

    The date is 2026-11-30, before RouterOS 7.10 nov/30/2026; the offset +01:00 (manual, Clock).
    """
    zone = offset if re.fullmatch(r"[+-]\d\d:\d\d", offset) else "+00:00"
    for form in ("%Y-%m-%d", "%b/%d/%Y"):
        with contextlib.suppress(ValueError, OverflowError):
            text = f"{date[:20]} {of_day[:8]} {zone}"
            return datetime.strptime(text, f"{form} %H:%M:%S %z").timestamp()
    return None


def is_yes(text: str) -> bool:
    """Read a truth value of RouterOS."""
    return text in ("yes", "true")


def span(text: str) -> float:
    """Return the seconds of a time of RouterOS, `1w2d3h4m5s` or `1d00:05:00`; 0 for what is none.

    Source: RouterOS manual, Scripting, data type time.
    """
    sizes = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
    clock = re.fullmatch(r"((?:\d{1,6}[wd])*)(\d{1,4}):(\d\d):(\d\d)", text)
    if clock:
        text = f"{clock[1]}{clock[2]}h{clock[3]}m{clock[4]}s"
    parts = re.findall(r"(\d{1,9})([wdhms])", text)
    return float(sum(int(count) * sizes[unit] for count, unit in parts))
