# SPDX-License-Identifier: MIT
"""The one place where addresses get their names, for all pages.

The owner's word comes first; then the name of the lease that this machine gave, then what the
device told by DHCP, then what it told by mDNS.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from appliance.devices import owner_names, vendors
from appliance.devices.owner_names import OwnerName, OwnerNameError
from appliance.formats import plain_address
from appliance.reports.devices import DevicesReport, HeardDevice
from appliance.reports.dhcp import PortReport, Tenant

T = TypeVar("T")
_Known = tuple[
    tuple[HeardDevice, ...],
    Mapping[str, OwnerName],
    list[tuple[Tenant, ...]],
    "KnownDevices",
]
OWNER, LEASE = "you", "its lease"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """What is known of an address.

    `name` is what it is called, `said_by` who says so, and `own` what it calls itself. `key` is by
    what the owner's names know it. Times are when it was heard, in seconds since the epoch; 0:
    never.
    """

    address: str
    key: str
    name: str = ""
    said_by: str = ""
    own: str = ""
    station: str = ""
    first: float = 0.0
    last: float = 0.0
    before: str = ""
    renamed: OwnerName | None = None

    @property
    def vendor(self) -> str:
        """Who made it; empty where that is not known."""
        return vendors.vendor(self.station)

    @property
    def is_private(self) -> bool:
        """Whether its MAC address is made up."""
        return vendors.is_private(self.station)


class KnownDevices:
    """All devices at one moment. Addresses are found however they are written."""

    def __init__(
        self,
        heard: Iterable[HeardDevice] = (),
        ports: Iterable[PortReport] = (),
        names: Mapping[str, OwnerName] | None = None,
    ) -> None:
        self._names = names or {}
        self._found = {each.address: _of_heard(each) for each in heard}
        for port in ports:
            for tenant in port.devices:
                known = self._found.get(tenant.address, KnownDevice(tenant.address, ""))
                self._found[tenant.address] = _with_lease(known, tenant)
        for key in self._names:
            if not vendors.is_station(key):
                self._found.setdefault(key, KnownDevice(key, key))
        self._found = {address: self._called(each) for address, each in self._found.items()}

    def device(self, address: str) -> KnownDevice:
        """Return what is known of an address; bare where nothing is."""
        plain = _plain(address)
        return self._found.get(plain) or KnownDevice(plain, plain)

    def name(self, address: str) -> str:
        """Return what an address is called; empty where it has no name."""
        found = self._found.get(_plain(address))
        return found.name if found else ""

    def all(self) -> Sequence[KnownDevice]:
        """Return the devices, the one heard last first."""
        return sorted(self._found.values(), key=lambda each: (-each.last, each.address))

    def of_station(self, station: str) -> Sequence[KnownDevice]:
        """Return all addresses of a MAC address."""
        return [each for each in self._found.values() if station and each.station == station]

    def addresses(self) -> dict[str, list[str]]:
        """Return the addresses of each name, in small letters."""
        found: dict[str, list[str]] = {}
        for each in self._found.values():
            if each.name:
                found.setdefault(each.name.lower(), []).append(each.address)
        return found

    def _called(self, device: KnownDevice) -> KnownDevice:
        renamed = self._names.get(device.key)
        if renamed is None:
            return device
        if not renamed.name:
            return replace(device, renamed=renamed)
        return replace(device, name=renamed.name, said_by=OWNER, renamed=renamed)


class DeviceDirectory:
    """Reads what is known, and only what has changed. Several threads may use it."""

    def __init__(self, runtime: Path, names: Path = owner_names.FOLDER) -> None:
        """Take the folders of the status files and of the owner's names."""
        self.names = names
        self._heard: _Cached[tuple[HeardDevice, ...]] = _Cached(
            runtime / f"{DevicesReport.NAME}.json", lambda: _heard(runtime), ()
        )
        self._owner: _Cached[Mapping[str, OwnerName]] = _Cached(
            names / owner_names.NAME, lambda: _names(names), {}
        )
        self._last: _Known | None = None

    def now(self, ports: Iterable[PortReport] = ()) -> KnownDevices:
        """Return the devices; `ports` are those on which this machine gives out addresses."""
        found = [*ports]
        heard, owner = self._heard.get(), self._owner.get()
        tenants = [port.devices for port in found]
        last = self._last
        # The lists are the same objects for as long as their files are.
        if last is None or last[0] is not heard or last[1] is not owner or last[2] != tenants:
            last = self._last = (heard, owner, tenants, KnownDevices(heard, found, owner))
        return last[3]


@dataclass
class _Cached(Generic[T]):
    """What a file says, read anew when the file is another."""

    file: Path
    read: Callable[[], T]
    nothing: T
    _kept: tuple[object, T] | None = None

    def get(self) -> T:
        """Return what the file says; nothing where there is none."""
        try:
            status = self.file.stat()
        except OSError:
            return self.nothing
        mark = (status.st_ino, status.st_mtime_ns, status.st_size)
        kept = self._kept
        if kept is None or kept[0] != mark:
            kept = self._kept = (mark, self.read())
        return kept[1]


def _heard(runtime: Path) -> tuple[HeardDevice, ...]:
    report = DevicesReport.read(runtime)
    return report.devices if report else ()


def _names(folder: Path) -> Mapping[str, OwnerName]:
    try:
        return owner_names.read(folder)
    except OwnerNameError as error:
        log.error("%s", error)
        return {}


def _of_heard(heard: HeardDevice) -> KnownDevice:
    said_by = heard.how if heard.name else ""
    return KnownDevice(
        heard.address, heard.station, heard.name, said_by, heard.name, heard.station,
        heard.first, heard.last, heard.before,
    )  # fmt: skip


def _with_lease(known: KnownDevice, tenant: Tenant) -> KnownDevice:
    """Add what the lease says; where another MAC address is heard at the address, nothing."""
    if known.station not in ("", tenant.station):
        return known
    known = replace(known, station=tenant.station, key=tenant.station)
    if not tenant.name:
        return known
    return replace(known, name=tenant.name, own=tenant.name, said_by=LEASE)


def _plain(text: str) -> str:
    found = plain_address.read(text)
    return str(found) if found else text
