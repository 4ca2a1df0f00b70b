"""Looks at the running sensor and states the facts; the only reader of its status in the page."""

from __future__ import annotations

import pwd
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from appliance.films import partition
from appliance.host import links, network
from appliance.ids import engines, sniffers
from appliance.reports import statusfile
from appliance.reports.dhcp import PortReport, read_all
from appliance.settings.config import Config
from appliance.web import reports, supervision
from appliance.web.facts import Engine, Facts
from appliance.web.rates import Meter, Rates

T = TypeVar("T")

ENGINE_USER = "glovebox-ids"


class Monitor:
    """Reads what the services publish. Several threads may use it.

    Rates need reports from more than one moment: call `facts` every second or so.
    """

    def __init__(
        self,
        config: Config,
        engine_user: str = ENGINE_USER,
        directory: Path = statusfile.RUNTIME_DIRECTORY,
        errors: Sequence[Exception | str] = (),
    ) -> None:
        """Take the settings in force, and in `errors` what is wrong with their files."""
        self._capture = config.capture
        self._engine_name = config.ids.engine.capitalize()
        self._engine_user = None if config.ids.engine == engines.NONE else engine_user
        self.directory = directory
        self._errors = tuple(map(str, errors))
        self._meter = Meter()

    def facts(self) -> Facts:
        """Look now."""
        report = self._read("receiver", reports.parse)
        interface = report.interface if report else self._capture.interface
        return Facts(
            now=time.time(),
            report=report,
            store=self._read("alerts", reports.parse_store),
            rates=self._meter.add(time.monotonic(), report) if report else Rates(),
            interface=interface,
            link=links.state(interface),
            engine=engine_state(interface, self._engine_user),
            engine_name=self._engine_name,
            addresses=tuple(network.addresses(without={interface})),
            port=(report.ports if report else self._capture.ports)[0],
            told=self._read("supervisor", supervision.parse_health),
            selftest=self._read("selftest", supervision.parse_selftest),
            config_errors=self._errors,
            ports=self._ports(),
            copying=self._read(partition.COPYING, partition.parse_copying),
        )

    def _ports(self) -> tuple[PortReport, ...]:
        try:
            return read_all(self.directory)
        except (KeyError, TypeError, ValueError):  # As below.
            return ()

    def _read(self, name: str, parse: Callable[[Mapping[str, Any]], T]) -> T | None:
        values = statusfile.read(name, self.directory)
        try:
            return None if values is None else parse(values)
        except ValueError:
            # Written by another version of the service: no figure of it can be trusted.
            return None


def engine_state(interface: str, user: str | None) -> Engine:
    """Tell whether a process of `user` has a packet socket open on `interface`.

    A user of None stands for a sensor without an engine.
    """
    if user is None:
        return Engine.NONE
    try:
        uid = pwd.getpwnam(user).pw_uid
        return Engine.LISTENING if sniffers.listening(interface, uid) else Engine.DEAF
    except (KeyError, OSError):
        return Engine.UNKNOWN
