# SPDX-License-Identifier: MIT
"""What is known about this machine at one moment: values only, no opinion and no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TypeVar

from appliance.films.partition import Partition
from appliance.host.links import Interface
from appliance.host.machine import Disk, Memory, Power
from appliance.ids.engine import EngineAway, EngineCount
from appliance.reports.alerts import AlertStoreReport, GraveAlert
from appliance.reports.dhcp import PortReport
from appliance.reports.films import Drive, Library
from appliance.reports.receiver import ReceiverReport
from appliance.reports.statusfile import StatusFile
from appliance.supervisor.units import Unit

T = TypeVar("T")
Report = TypeVar("Report", bound=StatusFile)


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
class Settings:
    """What the configuration says, and what is wrong with its files."""

    engine: str
    routers: tuple[IPv4Address | IPv6Address, ...]
    errors: tuple[str, ...]
    films: bool = True


@dataclass(frozen=True, slots=True)
class Observations:
    """One look at everything. A field of None is of something that this machine does not have.

    `time` is in seconds since the epoch, `boottime` in seconds since the boot: the clock may be
    set, so only the second measures durations. `built` is when the image was made, `comebacks` says
    how often which unit was started anew, `pulses` the CPU time that some have used (µs),
    `addresses` are those of the sniffing interface, `home` those at which others reach us,
    `reports` the status files that the table of areas names, by their names.
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
    receiver: ReceiverReport | Unknown
    engine: EngineCount | None | Unknown
    listening: bool | None | Unknown
    away: EngineAway | None | Unknown
    store: AlertStoreReport | Unknown
    alarm: GraveAlert | None | Unknown
    memory: Memory | Unknown
    disks: Mapping[str, Disk] | Unknown
    temperature: float | None | Unknown
    power: Power | None | Unknown
    settings: Settings | Unknown
    dhcp: tuple[PortReport, ...] | Unknown
    media: Library | Unknown
    drives: tuple[Drive, ...] | Unknown
    partition: Partition | Unknown
    reports: Mapping[str, StatusFile] | Unknown

    def report(self, kind: type[Report]) -> Report | None:
        """Return the status file of an area that the table names; None where there is none.

        Raises NotKnownError where nobody has looked.
        """
        found = known(self.reports).get(kind.NAME)
        return found if isinstance(found, kind) else None
