"""What the guard of a port publishes (`dhcp-PORT` in the status folder), as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.dhcp.leases import LATEST
from appliance.reports import statusfile

PREFIX = "dhcp-"


@dataclass(frozen=True, slots=True)
class Device:
    """A device with an address of ours; `expires` in seconds since the epoch, 0: never."""

    address: str
    station: str
    name: str
    expires: float

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Device:
        """Return what was published. Raises KeyError, TypeError or ValueError for all else."""
        expires = float(values["expires"])
        if not 0 <= expires < LATEST:
            raise ValueError(f"expires = {expires}: expected seconds since the epoch")
        return cls(str(values["address"]), str(values["station"]), str(values["name"]), expires)


@dataclass(frozen=True, slots=True)
class PortReport:
    """How a port is at `updated` (seconds since the epoch).

    `answers` tells whether dnsmasq is there, `address` is ours where it serves, `most` how many
    addresses are given out at most.
    """

    interface: str
    updated: float
    serving: bool
    answers: bool
    reason: str
    words: str
    address: str
    most: int
    devices: tuple[Device, ...]

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> PortReport:
        """Return what was published. Raises KeyError, TypeError or ValueError for all else."""
        return cls(
            interface=str(values["interface"]),
            updated=float(values["updated"]),
            serving=bool(values["serving"]),
            answers=bool(values["answers"]),
            reason=str(values["reason"]),
            words=str(values["words"]),
            address=str(values["address"]),
            most=int(values["most"]),
            devices=tuple(map(Device.from_json, values["leases"])),
        )

    @property
    def sentence(self) -> str:
        """How the port is, for its owner."""
        if not self.serving:
            return f"No addresses are given out on {self.interface}: {self.words}."
        count = len(self.devices)
        devices = "one device has one" if count == 1 else f"{count} devices have one"
        return f"Addresses are given out on {self.interface}; {devices}."


def read_all(directory: Path = statusfile.RUNTIME_DIRECTORY) -> tuple[PortReport, ...]:
    """Return the reports of all ports, by name.

    Raises KeyError, TypeError or ValueError for one that is not understood.
    """
    names = sorted(file.stem for file in directory.glob(f"{PREFIX}*.json"))
    found = (statusfile.read(name, directory) for name in names)
    return tuple(PortReport.from_json(values) for values in found if values is not None)
