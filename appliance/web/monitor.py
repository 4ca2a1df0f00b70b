# SPDX-License-Identifier: MIT
"""Reads what the services publish; the only reader of their status in the page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from appliance.host import network
from appliance.ids import engines
from appliance.ids.engine import USER
from appliance.reports import dhcp, statusfile
from appliance.reports.blocking import BlockingReport
from appliance.reports.dhcp import PortReport
from appliance.reports.films import Copying
from appliance.reports.receiver import ReceiverReport
from appliance.reports.rules import RulesReport
from appliance.reports.selftest import SelfTestReport
from appliance.reports.statusfile import NotPublishedError
from appliance.reports.supervisor import Health
from appliance.settings.config import Config
from appliance.supervisor import standin
from appliance.supervisor.observe import ObservedPlaces, Observer
from appliance.web.facts import Facts

ENGINE_USER = USER


class Monitor:
    """States the facts. Several threads may use it."""

    def __init__(
        self,
        config: Config,
        engine_user: str = ENGINE_USER,
        directory: Path = statusfile.RUNTIME_DIRECTORY,
        errors: Sequence[Exception | str] = (),
        observer: Observer | None = None,
    ) -> None:
        """Take the settings in force, and in `errors` what is wrong with their files.

        `observer` looks while the supervisor is silent.
        """
        self._capture = config.capture
        self._engine = config.ids.engine
        self.directory = directory
        self._errors = tuple(map(str, errors))
        self._observer = observer or Observer(
            config.capture.interface,
            None,
            engines.chosen(config),
            replace(ObservedPlaces(), runtime=directory),
            user=engine_user,
        )

    def facts(self) -> Facts:
        """Look now."""
        now, told = time.time(), Health.read(self.directory)
        health = standin.current(told, self._observer, now)
        report = ReceiverReport.read(self.directory)
        interface = report.interface if report else self._capture.interface
        return Facts(
            now=now,
            health=health,
            is_supervised=health is told,
            report=report,
            interface=interface,
            engine=self._engine,
            addresses=tuple(network.addresses(without={interface})),
            port=(report.ports if report else self._capture.ports)[0],
            selftest=SelfTestReport.read(self.directory),
            config_errors=self._errors,
            ports=self._ports(),
            copying=Copying.read(self.directory),
            rules=RulesReport.read(self.directory),
            blocking=BlockingReport.read(self.directory),
        )

    def _ports(self) -> tuple[PortReport, ...]:
        try:
            return dhcp.read_all(self.directory)
        except NotPublishedError:
            return ()
