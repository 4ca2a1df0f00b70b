"""What is known about the sensor at one moment, and what follows from it for each part."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.films.partition import Copying
from appliance.host.links import Link
from appliance.leds.heartbeat import STALE_SECONDS
from appliance.reports.dhcp import PortReport
from appliance.settings.sections.fit import Address
from appliance.web.rates import Rates
from appliance.web.reports import Report, StoreReport
from appliance.web.supervision import Health, SelfTest

STALE_AFTER = 5.0  # seconds without a new report from the receiver, which publishes every second
STORE_STALE_AFTER = 10.0  # seconds; it publishes every second, but may wait for a slow card
STOPPED_AFTER = 10.0  # seconds without a frame; any network in use has some each second
INTENDED = frozenset({"feedback", "unlisted_source"})  # reasons that drop what nobody wants


class Receiver(enum.Enum):
    """Whether glovebox-receiver is alive."""

    RUNNING = "running"
    STALE = "stale"
    ABSENT = "absent"


class Stream(enum.Enum):
    """What arrives from routers."""

    FLOWING = "flowing"
    WAITING = "waiting"
    KEEPALIVES = "keepalives"
    UNUSABLE = "unusable"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


class Alerts(enum.Enum):
    """Whether glovebox-alerts stores what the engine finds."""

    STORED = "stored"
    FAILING = "failing"
    STALE = "stale"
    ABSENT = "absent"


class Engine(enum.Enum):
    """Whether the engine has a socket open on the sniffing interface, where there is one."""

    LISTENING = "listening"
    DEAF = "deaf"
    UNKNOWN = "unknown"
    NONE = "none"


@dataclass(frozen=True)
class Facts:
    """Everything that the pages rest on. `now` is in seconds since the epoch.

    `told` is what the supervisor said last, whenever that was.
    """

    now: float
    report: Report | None
    store: StoreReport | None
    rates: Rates
    interface: str
    link: Link
    engine: Engine
    engine_name: str
    addresses: tuple[Address, ...]
    port: int
    told: Health | None = None
    selftest: SelfTest | None = None
    config_errors: tuple[str, ...] = ()
    ports: tuple[PortReport, ...] = ()
    copying: Copying | None = None

    @property
    def health(self) -> Health | None:
        """What the supervisor says of now; None when it is silent."""
        fresh = self.told is not None and abs(self.now - self.told.updated) <= STALE_SECONDS
        return self.told if fresh else None

    @property
    def reader(self) -> str:
        """What frames are meant for, in words."""
        return "any sniffer" if self.engine is Engine.NONE else self.engine_name

    @property
    def receiver(self) -> Receiver:
        if self.report is None:
            return Receiver.ABSENT
        # A report from the future is worth as little: the clock was set and nothing came since.
        age = abs(self.now - self.report.updated)
        return Receiver.STALE if age > STALE_AFTER else Receiver.RUNNING

    @property
    def alerts(self) -> Alerts:
        if self.store is None:
            return Alerts.ABSENT
        if abs(self.now - self.store.updated) > STORE_STALE_AFTER:
            return Alerts.STALE
        return Alerts.FAILING if self.store.error else Alerts.STORED

    @property
    def stream(self) -> Stream:
        if self.report is None or self.receiver is not Receiver.RUNNING:
            return Stream.UNKNOWN
        last = self.report.last_frame
        # Rates first: `last_frame` misleads for a while when the clock is set.
        if self.rates.frames:
            return Stream.FLOWING
        if self.losses:
            return Stream.UNUSABLE
        if last is not None and abs(self.now - last) <= STOPPED_AFTER:
            return Stream.FLOWING
        if self.rates.lost:
            return Stream.UNUSABLE
        if self.rates.keepalives:
            return Stream.KEEPALIVES
        return Stream.WAITING if last is None else Stream.STOPPED

    @property
    def target(self) -> str | None:
        """ADDRESS:PORT to which a router should stream; None without an IPv4 address."""
        return self.targets[0] if self.targets else None

    @property
    def targets(self) -> list[str]:
        """Every ADDRESS:PORT at which routers reach us. RouterOS streams over IPv4."""
        return [f"{address}:{self.port}" for address in self.addresses if address.version == 4]

    @property
    def frame_rate(self) -> float | None:
        """Frames per second now; None where unknown, as it is when the reports are old."""
        return self.rates.frames if self.receiver is Receiver.RUNNING else None

    def source_rate(self, address: str) -> float | None:
        """Frames per second now from one router; None where unknown."""
        return None if self.frame_rate is None else self.rates.sources.get(address, 0.0)

    @property
    def losses(self) -> Mapping[str, float]:
        """Datagrams per second lost now, by reason; what is dropped on purpose is no loss."""
        lost = self.rates.lost.items()
        return {reason: rate for reason, rate in lost if reason not in INTENDED}

    @property
    def watching(self) -> bool:
        """Whether a frame that arrives now is inspected; not whether one does arrive.

        Without an engine: whether it gets to the interface.
        """
        return (
            self.receiver is Receiver.RUNNING
            and self.link is Link.UP
            and self.engine in (Engine.LISTENING, Engine.NONE)
        )
