# SPDX-License-Identifier: MIT
"""Which devices there are, by address, as they announce themselves. Pure, and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import ip_address

from appliance.devices.announced import DHCP, MDNS, Introduction
from appliance.reports.devices import HeardDevice
from appliance.settings.sections.fit import Network

MOST = 2048
# Addresses that are new in one second: who makes them up by the thousand drives nobody out.
MOST_NEW_A_SECOND = 32
# What stands for MAC addresses where a router sent packets without any (formats/ethernet.py).
MADE_UP = frozenset((bytes.fromhex("020000000001"), bytes.fromhex("020000000002")))
_RANK = {"": 0, MDNS: 1, DHCP: 2}


@dataclass
class CensusCounts:
    """What became of announcements that are not among the devices."""

    foreign: int = 0
    refused: int = 0
    forgotten: int = 0


@dataclass
class Census:
    """The devices of the owner's networks, MOST at most; times in seconds since the epoch."""

    networks: Sequence[Network]
    counts: CensusCounts = field(default_factory=CensusCounts)
    _devices: dict[str, HeardDevice] = field(default_factory=dict)
    _second: int = 0
    _new: int = 0

    def __post_init__(self) -> None:
        self._is_home = lru_cache(4096)(self._look)

    def __len__(self) -> int:
        return len(self._devices)

    def load(self, devices: Iterable[HeardDevice]) -> None:
        """Begin with what was known before."""
        self._devices = {each.address: each for each in [*devices][:MOST]}

    def all(self) -> tuple[HeardDevice, ...]:
        """Return the devices, the one heard last first."""
        return tuple(sorted(self._devices.values(), key=lambda each: -each.last))

    def take(self, told: Introduction, now: float) -> None:
        """Note what a device announced."""
        if not self._is_home(told.address) or not is_station(told.station):
            self.counts.foreign += 1
            return
        address, station = str(ip_address(told.address)), told.station.hex(":")
        known = self._devices.get(address)
        if known is None and not self._may_come(now):
            self.counts.refused += 1
        elif known is None:
            self._add(HeardDevice(address, station, "", "", now, now))
        elif known.station != station:
            self._devices[address] = HeardDevice(address, station, "", "", now, now, known.station)
        else:
            self._devices[address] = replace(known, last=now)
        if told.name and address in self._devices:
            self._devices[address] = _named(self._devices[address], told)

    def _may_come(self, now: float) -> bool:
        if int(now) != self._second:
            self._second, self._new = int(now), 0
        self._new += 1
        return self._new <= MOST_NEW_A_SECOND

    def _add(self, device: HeardDevice) -> None:
        if len(self._devices) >= MOST:
            # Who was here for the shortest time goes; of those the one not heard for longest.
            shortest = min(self._devices.values(), key=_stay)
            del self._devices[shortest.address]
            self.counts.forgotten += 1
        self._devices[device.address] = device

    def _look(self, address: bytes) -> bool:
        found = ip_address(address)
        if found.is_multicast or found.is_unspecified or found.is_loopback:
            return False
        return any(found in network for network in self.networks)


def _stay(device: HeardDevice) -> tuple[float, float]:
    return device.last - device.first, device.last


def is_station(station: bytes) -> bool:
    """Tell whether a MAC address can be a device's: neither a group's nor one that we made up."""
    return any(station) and not station[0] & 1 and station not in MADE_UP


def _named(device: HeardDevice, told: Introduction) -> HeardDevice:
    if _RANK[told.how] < _RANK[device.how]:
        return device
    return replace(device, name=told.name, how=told.how)
