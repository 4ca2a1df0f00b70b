# SPDX-License-Identifier: MIT
"""What the page rests on at one moment: what the services published, and the supervisor's word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.ids import engines
from appliance.reports.blocking import BlockingReport
from appliance.reports.dhcp import PortReport
from appliance.reports.films import Copying
from appliance.reports.levels import Level
from appliance.reports.receiver import ReceiverReport
from appliance.reports.rules import RulesReport
from appliance.reports.selftest import SelfTestReport
from appliance.reports.supervisor import Health
from appliance.settings.sections.fit import Address

# For each part of the way from router to alert: its good word, and the checks that decide. What
# the later ones do not know yet is no trouble.
PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "receiver": ("running", ("reports", "receiver")),
    "interface": ("up", ("interface",)),
    "stream": ("flowing", ("stream",)),
    "engine": ("listening", ("engine", "inspection")),
    "alerts": ("stored", ("storing", "store-reports", "store")),
}
# A router that is switched off is no fault of this machine.
WATCHING = ("receiver", "interface", "engine")


@dataclass(frozen=True)
class Facts:
    """Everything that the pages show. `now` is in seconds since the epoch.

    `health` is the supervisor's word, or the bare facts where `is_supervised` is false.
    """

    now: float
    health: Health
    is_supervised: bool
    report: ReceiverReport | None
    interface: str
    engine: str
    addresses: tuple[Address, ...]
    port: int
    selftest: SelfTestReport | None = None
    config_errors: tuple[str, ...] = ()
    ports: tuple[PortReport, ...] = ()
    copying: Copying | None = None
    rules: RulesReport | None = None
    blocking: BlockingReport | None = None

    @property
    def fresh_report(self) -> ReceiverReport | None:
        """The receiver's report where it is of now."""
        return self.report if self.report and self.report.is_fresh(self.now) else None

    @property
    def engine_name(self) -> str:
        """What people call the engine."""
        return "Engine" if self.engine == engines.NONE else self.engine.capitalize()

    @property
    def targets(self) -> list[str]:
        """Every ADDRESS:PORT at which routers reach us. RouterOS streams over IPv4."""
        return [f"{address}:{self.port}" for address in self.addresses if address.version == 4]

    @property
    def is_waiting(self) -> bool:
        """Whether the receiver works and no frames come."""
        stream = self.health.finding("stream")
        return stream is not None and stream.level is Level.WARN and self.fresh_report is not None

    @property
    def watching(self) -> bool:
        """Whether a frame that arrives now is inspected; not whether one does arrive.

        Without an engine: whether it gets to the interface.
        """
        return all(self._level(part) is Level.OK for part in WATCHING)

    @property
    def parts(self) -> dict[str, str]:
        """One word for each part of the way from router to alert: the good one, or a level."""
        return {part: self._word(part) for part in PARTS}

    def source_rate(self, address: str) -> float | None:
        """Return the frames per second now from one sender; None where that is not known."""
        rates = self.health.rates
        return None if rates.frames is None else rates.senders.get(address, 0.0)

    def _word(self, part: str) -> str:
        level = self._level(part)
        if level is not Level.OK:
            return level.value
        return engines.NONE if (part, self.engine) == ("engine", engines.NONE) else PARTS[part][0]

    def _level(self, part: str) -> Level:
        found = [self.health.finding(name) for name in PARTS[part][1]]
        levels = [each.level for each in found if each is not None]
        worst = max(levels, key=lambda level: level.severity, default=Level.UNKNOWN)
        return levels[0] if levels and worst is Level.UNKNOWN else worst
