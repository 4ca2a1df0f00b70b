# SPDX-License-Identifier: MIT
"""A real engine that takes rule sets: what systemd does at the doors is done here."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from appliance.formats.list_sources import ListSource
from appliance.ids import engines, marker
from appliance.ids.engine import ANEW
from appliance.ids.marker import Token
from appliance.renewal.after_switch import EngineSeen
from appliance.renewal.candidate import SetGathering
from appliance.renewal.engine_view import RELOAD, EngineView
from appliance.renewal.generations import Generations
from appliance.renewal.renew import Renewal
from appliance.renewal.set_trial import SetTrial
from appliance.renewal.set_verdicts import SetVerdicts
from appliance.reports.rules import RenewalReport
from appliance.ruleset import set_places
from appliance.ruleset.chosen_sets import ChosenSet
from appliance.ruleset.set_places import SetPlaces
from appliance.settings import config
from tests.conftest import PROJECT
from tests.net.engine import UID, Engine, inject
from tests.net.namespaces import INTERFACE, Network
from tests.net.suricata import Suricata

SET = ListSource("et-open", "https://rules.example/", "A set")
GB = 1 << 30
# Looks without the marker's alert until the self-test has failed.
PATIENCE = 40


@dataclass
class RealDoor:
    """An engine in its own root; `spoil` is done to it each time that rules are put on trial."""

    engine: Engine
    network: Network
    view: EngineView
    spoil: Callable[[Engine], None] | None = None
    token: Token | None = None
    misses: int = 0
    switched: list[float] = field(default_factory=list)

    @property
    def live(self) -> bool:
        return self.view.live

    @property
    def tells_rules(self) -> bool:
        return self.view.tells_rules

    def put_on_trial(self, name: str) -> None:
        self.token, self.misses = None, 0
        self.view.put_on_trial(name)
        self._serve(self.spoil)

    def end_trial(self, anew: bool) -> None:
        self.view.end_trial(anew)
        self._serve(None)

    def ask_selftest(self) -> None:
        self.token = marker.new_token()
        # The engine has the new rules; now it goes wrong.
        spoil = self.spoil
        if self.view.trial.exists() and spoil is not None and spoil is not deafen:
            spoil(self.engine)

    def look(self) -> EngineSeen:
        with self.network.inside(self.network.sensor):
            found = self.view.look()
        return dataclasses.replace(found, passed=self._passed(), verdict="deaf")

    def _passed(self) -> bool | None:
        if self.token is None:
            return None
        secret = (self.engine.directory / marker.SECRET_FILE.name).read_text()
        inject(self.network, [marker.frame(secret, self.token)])
        adapter = engines.ENGINES[self.engine.name]
        handover = adapter.handover(self.engine.spool, self.engine.directory, self.engine.root)
        if self.token in handover.read(handover.files(), {}).markers:
            return True
        self.misses += 1
        return False if self.misses > PATIENCE else None

    def _serve(self, spoil: Callable[[Engine], None] | None) -> None:
        """Do what systemd does for who asks at a door."""
        asked = [file.name for file in self.view.doors.iterdir()]
        for name in asked:
            (self.view.doors / name).unlink()
            self.engine.configure()
            # On a device its group may read them.
            subprocess.run(["chown", "-R", str(UID), self.engine.directory.with_name("rulesets")],
                           check=True)  # fmt: skip
            if spoil is deafen:
                deafen(self.engine)
            self.switched.append(time.monotonic())
            if name == RELOAD:
                assert self.engine.process
                self.engine.process.send_signal(signal.SIGUSR2)
            else:
                assert name == ANEW
                self._restart()

    def _restart(self) -> None:
        if isinstance(self.engine, Suricata):
            self.engine.end_as_its_unit_does()
        else:
            # One that hangs does not hear a request to end.
            self.engine.stop(signal.SIGKILL)
        self.engine.start()


def wait(seconds: float) -> None:
    """Let time pass, less of it than on a device."""
    time.sleep(seconds / 4)


def kill(engine: Engine) -> None:
    """Let it die at once."""
    assert engine.process
    engine.process.send_signal(signal.SIGKILL)
    engine.process.wait()


def hang(engine: Engine) -> None:
    """Let it hang: it listens still."""
    assert engine.process
    engine.process.send_signal(signal.SIGSTOP)


def deafen(engine: Engine) -> None:
    """Let it inspect and raise nothing at what the self-test sends."""
    (engine.directory / "rules/marker.rules").write_text("# nothing\n")


@dataclass
class RealSensor:
    """An engine of an image with rule sets on a card of its own."""

    engine: Engine
    network: Network
    folder: Path
    live: bool = False
    reports: list[RenewalReport] = field(default_factory=list)

    def __post_init__(self) -> None:
        place = set_places.folder_of(self.folder / "rulesets", self.engine.name, self.engine.root)
        for made in (place, self.folder / "doors", self.folder / "downloads", self.folder / "laid"):
            made.mkdir(parents=True)
        self.places = SetPlaces(place, self.folder / "on-trial")
        view = EngineView(
            INTERFACE, self.engine.name == "suricata", self.live, self.engine.spool, self.folder,
            self.folder / "doors", self.places.trial, str(UID),
        )  # fmt: skip
        self.door = RealDoor(self.engine, self.network, view)

    def round(self, content: bytes) -> RenewalReport:
        """Let a download come into force; return how it stands then."""
        (self.folder / "downloads" / SET.name).write_bytes(content)
        renewal = self.renewal()
        renewal.round()
        return renewal.report()

    def renewal(self) -> Renewal:
        place, name = self.places.folder, self.engine.name
        settings = config.build({"ids": {"engine": name}})
        tried = SetTrial(
            settings, PROJECT / "config" / name, self.engine.root, self.folder / "laid", GB
        )
        gathering = SetGathering(self.folder / "downloads", SetVerdicts(place), Generations(place))
        return Renewal(
            name, [ChosenSet(SET.name, True, SET)], self.places, gathering, tried.run, self.door,
            time.time, wait, self.reports.append,
        )  # fmt: skip
