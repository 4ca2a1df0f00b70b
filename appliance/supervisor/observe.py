# SPDX-License-Identifier: MIT
"""Looks at the machine: each source by itself, so that one that fails leaves the others known."""

from __future__ import annotations

import dataclasses
import functools
import pwd
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import appliance
from appliance import areas
from appliance.area import load
from appliance.errors import ConfigError, GloveboxError
from appliance.films import drives, library, partition
from appliance.host import clocks, links, machine, network
from appliance.ids import sniffers
from appliance.ids.engine import SPOOL, USER, Engine, EngineCount
from appliance.reports import dhcp, statusfile
from appliance.reports.alerts import AlertStoreReport
from appliance.reports.receiver import ReceiverReport
from appliance.settings import config
from appliance.settings.report import problems
from appliance.supervisor.observations import Observations, Settings, Unknown
from appliance.supervisor.restarted import Comebacks
from appliance.supervisor.systemdbus import BusError, Systemd
from appliance.supervisor.units import LIVELY, NAMES, SUPERVISOR, WATCHED, Unit

SOURCES = tuple(
    field.name
    for field in dataclasses.fields(Observations)
    if field.name not in ("time", "boottime", "built")
)
# Every file of ours in the image bears the time of its making.
BUILT = Path(appliance.__file__).stat().st_mtime


@dataclass(frozen=True)
class ObservedPlaces:
    """Where to look; tests have trees of their own."""

    sys: Path = machine.SYS
    proc: Path = machine.PROC
    runtime: Path = statusfile.RUNTIME_DIRECTORY
    spool: Path = SPOOL
    disks: tuple[Path, ...] = (Path("/var/lib/glovebox"), Path("/run"))
    settings: Sequence[Path] = config.FILES


class Observer:
    """Gathers observations.

    `interface` is the sniffing interface. `systemd` is None where it cannot be asked, `engine`
    where there is none; `user` is who the engine runs as.
    """

    def __init__(
        self,
        interface: str,
        systemd: Systemd | None,
        engine: Engine | None,
        places: ObservedPlaces = ObservedPlaces(),
        is_back: bool = False,
        user: str = USER,
    ) -> None:
        """Take what to look at; `is_back`: this is not the first supervisor since the boot."""
        self._places = places
        self._engine = engine
        self._counted: EngineCount | None = None
        self._parsed: tuple[object, tuple[config.Config, list[ConfigError]]] | None = None
        self._sources: Mapping[str, Callable[[], Any]] = {
            "units": lambda: _units(systemd),
            "comebacks": Comebacks(tuple(NAMES), (SUPERVISOR,) if is_back else ()).look,
            "pulses": lambda: machine.pulses(LIVELY, places.sys),
            "interface": lambda: links.look(interface, places.sys / "class/net"),
            "addresses": lambda: tuple(network.texts(interface)),
            "home": lambda: tuple(network.addresses(without={interface})),
            "receiver": lambda: ReceiverReport.require(places.runtime),
            "engine": self._count,
            "listening": lambda: sniffers.listening(interface, _uid(user)) if engine else None,
            "away": lambda: sniffers.away(places.spool.parent) if engine else None,
            "store": lambda: AlertStoreReport.require(places.runtime),
            "alarm": lambda: AlertStoreReport.require(places.runtime).grave,
            "memory": lambda: machine.memory(places.sys, places.proc),
            "disks": lambda: machine.disks(places.disks, places.proc),
            "temperature": lambda: machine.temperature(places.sys),
            "power": lambda: machine.power(places.sys),
            "settings": self._settings,
            "dhcp": lambda: dhcp.read_all(places.runtime),
            "media": library.ask,
            "drives": drives.plugged,
            "partition": lambda: partition.look(places.runtime),
            "reports": lambda: _reports(places.runtime),
        }

    def look(self, names: Iterable[str], before: Observations | None = None) -> Observations:
        """Look at what is named; all else stays as it was `before`, or unknown."""
        kept = before or _nothing()
        return dataclasses.replace(
            kept,
            time=time.time(),
            boottime=clocks.boottime(),
            **{name: self._attempt(name) for name in names},
        )

    def _attempt(self, name: str) -> Any:
        try:
            return self._sources[name]()
        except (OSError, GloveboxError, ValueError, KeyError) as error:
            return Unknown(_reason(error))

    def _count(self) -> EngineCount | None:
        if self._engine is None:
            return None
        self._counted = self._engine.count(self._places.spool) or self._counted
        if self._counted is None:
            raise ValueError("the engine has counted nothing yet")
        return self._counted

    def _settings(self) -> Settings:
        # Read often, written once in a while: parsing costs as much as a whole round.
        stamps = tuple(map(_stamp, self._places.settings))
        if self._parsed is None or self._parsed[0] != stamps:
            self._parsed = stamps, config.load(self._places.settings)
        found, errors = self._parsed[1]
        told = [*map(str, errors), *problems(self._places.runtime)]
        return Settings(found.ids.engine, found.capture.routers, tuple(told), found.media.enabled)


def _reports(runtime: Path) -> Mapping[str, statusfile.StatusFile]:
    kinds = (load(name) for area in areas.AREAS for name in area.reports)
    found = ((kind.NAME, kind.read(runtime)) for kind in kinds)
    return {name: report for name, report in found if report is not None}


def _units(systemd: Systemd | None) -> Mapping[str, Unit]:
    if systemd is None:
        raise BusError("systemd is not asked from here")
    return systemd.units(WATCHED)


def _stamp(path: Path) -> tuple[int, ...] | None:
    """Return what changes when a file does; None where it cannot be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


@functools.cache
def _uid(user: str) -> int:
    return pwd.getpwnam(user).pw_uid


def _nothing() -> Observations:
    unknown = Unknown("not looked at yet")
    return Observations(time=0.0, boottime=0.0, built=BUILT, **dict.fromkeys(SOURCES, unknown))
