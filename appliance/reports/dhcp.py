# SPDX-License-Identifier: MIT
"""What the guard of a port publishes: `dhcp-PORT` in the status folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from appliance.reports.statusfile import RUNTIME_DIRECTORY, StatusFile


@dataclass(frozen=True, slots=True)
class Tenant:
    """A device with an address of ours; `expires` in seconds since the epoch, 0: never."""

    address: str
    station: str
    name: str
    expires: float


@dataclass(frozen=True, slots=True)
class HeardServer:
    """A foreign DHCP server, and when it was heard (seconds since the boot).

    `pause` are the seconds for which the port is left to it.
    """

    address: str
    station: str
    said: str
    heard: float
    pause: float


@dataclass(frozen=True, slots=True)
class PortReport(StatusFile):
    """How a port is at `updated` (seconds since the epoch).

    `answers` tells whether dnsmasq is there, `address` is ours where it serves, `most` how many
    addresses are given out at most. The next run of the guard takes up `server` where `link_ups`,
    the number of times that the cable was plugged in, is still the same.
    """

    NAME: ClassVar[str] = "dhcp"

    interface: str
    updated: float
    serving: bool
    answers: bool
    reason: str
    words: str
    address: str
    most: int
    devices: tuple[Tenant, ...]
    link_ups: int = 0
    server: HeardServer | None = None

    @property
    def file_name(self) -> str:
        """The name of the file without `.json`."""
        return f"{self.NAME}-{self.interface}"

    @property
    def sentence(self) -> str:
        """How the port is, for its owner."""
        if not self.serving:
            return f"No addresses are given out on {self.interface}: {self.words}."
        count = len(self.devices)
        devices = "one device has one" if count == 1 else f"{count} devices have one"
        return f"Addresses are given out on {self.interface}; {devices}."

    @classmethod
    def read_port(cls, interface: str, directory: Path = RUNTIME_DIRECTORY) -> Self | None:
        """Return the report of one port, or None where there is none that can be trusted."""
        return cls.read_named(f"{cls.NAME}-{interface}", directory)


def read_all(directory: Path = RUNTIME_DIRECTORY) -> tuple[PortReport, ...]:
    """Return the reports of all ports, by name. Raises NotPublishedError for a damaged one."""
    names = sorted(file.stem for file in directory.glob(f"{PortReport.NAME}-*.json"))
    return tuple(PortReport.require_named(name, directory) for name in names)
