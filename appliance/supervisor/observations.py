"""What is known about this machine at one moment: values only, no opinion and no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeVar

from appliance.films.drives import Drive
from appliance.films.library import Library
from appliance.films.partition import Partition
from appliance.host.links import Interface
from appliance.host.machine import Disk, Memory, Power
from appliance.ids.engine import EngineCount
from appliance.reports.dhcp import PortReport
from appliance.reports.outcomes import Tally
from appliance.supervisor.units import Unit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands for a value that could not be learnt, and says why."""

    reason: str


class NotKnownError(Exception):
    """A check asked for what is unknown; the message is the reason."""


def known(value: T | Unknown) -> T:
    """Return a value that has been learnt. Raises NotKnownError with the reason otherwise."""
    if isinstance(value, Unknown):
        raise NotKnownError(value.reason)
    return value


@dataclass(frozen=True, slots=True)
class Source:
    """One router: what became of its datagrams, and when the last came (since the epoch)."""

    tally: Tally
    last_seen: float


@dataclass(frozen=True, slots=True)
class Receiver:
    """What glovebox-receiver published: `updated` and `last_frame` in seconds since the epoch."""

    updated: float
    last_frame: float | None
    ports: tuple[int, ...]
    tally: Tally
    socket_overflow: int
    reassembly_failures: int
    sources: Mapping[str, Source]

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Receiver:
        """Return what was published. Raises KeyError, TypeError or ValueError for all else."""
        last_frame = values["last_frame"]
        return cls(
            updated=float(values["updated"]),
            last_frame=None if last_frame is None else float(last_frame),
            ports=tuple(map(int, values["ports"])),
            tally=Tally.from_json(values),
            socket_overflow=int(values["socket_overflow"]),
            reassembly_failures=int(values["reassembly_failures"]),
            sources={
                str(address): Source(Tally.from_json(counts), float(counts["last_seen"]))
                for address, counts in values["sources"].items()
            },
        )


@dataclass(frozen=True, slots=True)
class Store:
    """What glovebox-alerts published: `lag` is in bytes of the spool, `error` for people.

    `stored` are the alerts there are, `added` those that came since the service started. `repaired`
    says when the store was last mended, in seconds since the boot, `saved` what that brought;
    `clock_set` when the clock was set (docs/owner/time.md), in seconds since the boot.
    """

    updated: float
    stored: int
    added: int
    last_alert: float | None
    lag: int
    error: str | None
    repaired: float | None = None
    saved: int = 0
    clock_set: float | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Store:
        """Return what was published. Raises KeyError, TypeError or ValueError for all else."""
        last_alert, error, repaired = values["last_alert"], values["error"], values["repaired"]
        clock_set = values["clock_set"]
        return cls(
            updated=float(values["updated"]),
            stored=int(values["stored"]),
            added=int(values["added"]),
            last_alert=None if last_alert is None else float(last_alert),
            lag=int(values["spool_lag_bytes"]),
            error=None if error is None else str(error),
            repaired=None if repaired is None else float(repaired["boottime"]),
            saved=0 if repaired is None else int(repaired["alerts"]),
            clock_set=None if clock_set is None else float(clock_set),
        )


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alert of high priority: when (since the epoch), what, and from which address."""

    time: float
    message: str
    source: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says, and what is wrong with its files."""

    engine: str
    routers: tuple[IPv4Address | IPv6Address, ...]
    errors: tuple[str, ...]
    films: bool = True


@dataclass(frozen=True, slots=True)
class SelfTest:
    """The newest self-test: when it ended (since the epoch), and how long each stage took (s)."""

    time: float
    passed: bool
    verdict: str
    seconds: Mapping[str, float]

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SelfTest:
        """Return what was published. Raises KeyError, TypeError or ValueError for all else."""
        return cls(
            time=float(values["time"]),
            passed=bool(values["passed"]),
            verdict=str(values["verdict"]),
            seconds={str(stage): float(s) for stage, s in dict(values["seconds"]).items()},
        )


@dataclass(frozen=True, slots=True)
class Observations:
    """One look at everything. A field of None is of something that this machine does not have.

    `time` is in seconds since the epoch, `boottime` in seconds since the boot: the clock may be
    set, so only the second measures durations. `built` is when the image was made, `comebacks` says
    how often which unit was started anew, `pulses` the CPU time that some have used (µs),
    `addresses` are those of the sniffing interface, `home` those at which others reach us.
    """

    time: float
    boottime: float
    built: float
    units: Mapping[str, Unit] | Unknown
    comebacks: Mapping[str, int] | Unknown
    pulses: Mapping[str, int] | Unknown
    interface: Interface | Unknown
    addresses: tuple[str, ...] | Unknown
    home: tuple[IPv4Address | IPv6Address, ...] | Unknown
    receiver: Receiver | Unknown
    engine: EngineCount | None | Unknown
    listening: bool | None | Unknown
    store: Store | Unknown
    alarm: Alarm | None | Unknown
    memory: Memory | Unknown
    disks: Mapping[str, Disk] | Unknown
    temperature: float | None | Unknown
    power: Power | None | Unknown
    settings: Settings | Unknown
    dhcp: tuple[PortReport, ...] | Unknown
    media: Library | Unknown
    drives: tuple[Drive, ...] | Unknown
    partition: Partition | Unknown
    selftest: SelfTest | None | Unknown
