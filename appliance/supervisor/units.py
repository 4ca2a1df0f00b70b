# SPDX-License-Identifier: MIT
"""The units that are watched, and what the state of one means."""

from __future__ import annotations

from dataclasses import dataclass

from appliance import areas

INTERFACES = "systemd-networkd.service"
RECEIVER = "glovebox-receiver.service"
RECEIVER_SOCKET = "glovebox-receiver.socket"
ENGINE_CONFIG = "glovebox-ids-config.service"
ENGINE = "glovebox-ids.service"
STORE = "glovebox-alerts.service"
PAGE = "glovebox-web.service"
LEDS = "glovebox-leds.service"
SUPERVISOR = "glovebox-supervisor.service"
FIREWALL = "glovebox-firewall.service"
MEDIA_CONFIG = "glovebox-films-config.service"
MEDIA = "glovebox-films.service"

WATCHED = tuple(each.unit for each in areas.watched())
# Those that publish no figures, and do something each second.
LIVELY = tuple(each.unit for each in areas.watched() if each.lively)
# Those that systemd brings back when they end, by what the owner calls them.
NAMES = {
    **{each.unit: each.called for each in areas.watched() if each.called},
    SUPERVISOR: "the supervisor",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in systemd's own words (org.freedesktop.systemd1(5)); `job` is "" without one."""

    load: str
    active: str
    sub: str
    job: str = ""

    @property
    def exists(self) -> bool:
        """Whether this machine has the unit at all."""
        return self.load not in ("not-found", "masked")

    @property
    def runs(self) -> bool:
        """Whether it does its work."""
        return self.active in ("active", "reloading", "refreshing")

    @property
    def is_busy(self) -> bool:
        """Whether systemd is at work on it: starting, stopping, or waiting to restart it."""
        return self.active in ("activating", "deactivating") or self.job != ""
