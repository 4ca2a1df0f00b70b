# SPDX-License-Identifier: MIT
"""`glovebox supervisor`: look, judge, act and tell, every two seconds.

systemd keeps the processes alive; this knows whether they do their work. Everything that decides is
pure and elsewhere: what to look at (checks), what it means (verdict, ledger), what to do (policy).
"""

from __future__ import annotations

import argparse
import gc
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from appliance import requests, service
from appliance.host import clocks
from appliance.ids import engines
from appliance.reports.levels import Level, Result
from appliance.reports.states import State
from appliance.reports.supervisor import DeedKind, Health
from appliance.service import Running
from appliance.supervisor import checks, policy, published, verdict
from appliance.supervisor.history import History
from appliance.supervisor.observations import Unknown
from appliance.supervisor.observe import Observer
from appliance.supervisor.policy import Action, Troubles
from appliance.supervisor.published import Done
from appliance.supervisor.systemdbus import BusError, Systemd
from appliance.supervisor.verdict import Verdict

log = logging.getLogger(__name__)

ROUND_S = 2.0
LOUDNESS = {Level.OK: logging.INFO, Level.UNKNOWN: logging.INFO, Level.WARN: logging.WARNING}


class Supervisor:
    """Remembers what pure functions need from one round to the next."""

    def __init__(
        self,
        observer: Observer,
        request: Callable[[str], None] = requests.restart,
        troubles: Troubles | None = None,
        clock: Callable[[], float] = clocks.boottime,
    ) -> None:
        """Take who looks, who is asked for restarts, the trouble known from before, and a clock."""
        self._observer = observer
        self._request = request
        self._clock = clock
        self._troubles: Troubles = troubles or {}
        self._history: History | None = None
        self._made: dict[str, float] = {}
        self._results: checks.Results = {}
        self._since: dict[str, float] = {}
        self._done: list[Done] = []
        self._verdict: Verdict | None = None

    def round(self) -> Health:
        """Make one round and return what is to be published."""
        due = checks.due(self._made, self._clock())
        history = self._look(due)
        results = checks.judge(history, due, self._results)
        self._act(results, history)
        self._tell(results, history.now.boottime)
        found = verdict.judge(results)
        if self._verdict is None or found.state is not self._verdict.state:
            log.info("now %s: %s", found.state, found.sentence)
        self._verdict = found
        return published.health(
            history, found, published.admit(results, self._troubles), self._since, self._done
        )

    def _look(self, due: set[str]) -> History:
        before = self._history.now if self._history else None
        looked = self._observer.look(checks.needs(due), before)
        self._history = self._history.add(looked) if self._history else History.begin(looked)
        self._made |= dict.fromkeys(due, looked.boottime)
        return self._history

    def _act(self, results: checks.Results, history: History) -> None:
        units = history.now.units
        states = {} if isinstance(units, Unknown) else units
        now = history.now.boottime
        actions, self._troubles = policy.decide(complaints(results), states, self._troubles, now)
        for action in actions:
            self._done = [*self._done[1 - published.MOST_ACTIONS :], Done(now, action)]
            log.warning("%s: %s: %s", action.unit, action.kind, action.reason)
            if action.kind is DeedKind.RESTART:
                self._restart(action)

    def _restart(self, action: Action) -> None:
        try:
            self._request(action.unit)
        except OSError as error:
            log.error("%s cannot be restarted: %s", action.unit, error)

    def _tell(self, results: checks.Results, now: float) -> None:
        """Log each check once when its level changes, and remember when that was."""
        before = {name: result.level for name, result in self._results.items()}
        for name, result in results.items():
            # What is well from the first look on, or not known yet then, is no news.
            usual = (before[name],) if name in before else (Level.OK, Level.UNKNOWN)
            if result.level not in usual:
                loudness = LOUDNESS.get(result.level, logging.ERROR)
                log.log(loudness, "%s: %s: %s", name, result.level, result.words)
        self._since = published.dated(before, self._since, results, now)
        self._results = results


def complaints(results: Mapping[str, Result]) -> dict[str, str]:
    """Return the units whose restart may help, each with the first reason in the table."""
    found: dict[str, str] = {}
    for result in results.values():
        if result.remedy is not None:
            found.setdefault(result.remedy, result.words)
    return found


def supervise(supervisor: Supervisor, systemd: Systemd, running: Running) -> None:
    """Make rounds until stopped; the watchdog hears of each one that was made whole."""
    due = time.monotonic()
    while not running.stop:
        health = supervisor.round()
        running.beat(health.sentence, partial(_itself, health))
        # A round that took long is not made up for.
        due = max(due + ROUND_S, time.monotonic())
        running.stop.wait(due - time.monotonic())
    service.notify("STOPPING=1")
    if _machine_stops(systemd):
        state = State.SAFE_TO_UNPLUG
        sentence = f"{state.words.capitalize()}."
        running.publisher.publish(replace(supervisor.round(), state=state, sentence=sentence))


def _itself(health: Health) -> Health:
    return health


def _machine_stops(systemd: Systemd) -> bool:
    try:
        return systemd.system_state() == "stopping"
    except BusError:
        return False


def main(argv: Sequence[str]) -> int:
    """Supervise until SIGTERM; `--help` tells more."""
    parser = argparse.ArgumentParser(
        prog="glovebox supervisor",
        description="Check the sensor every two seconds, restart what does not do its work, and"
        " publish the findings for `glovebox status`, the LEDs and the page.",
        epilog="Exit status: 0 stopped by SIGTERM, SIGINT or SIGHUP; 2 bad usage.",
    )
    return service.run(Health.NAME, parser, argv, _body)


def _body(running: Running) -> int:
    settings = running.settings
    with Systemd() as systemd:
        # In memory, so of this boot.
        earlier = Health.read()
        engine = engines.chosen(settings)
        observer = Observer(
            settings.capture.interface, systemd, engine, is_back=earlier is not None
        )
        troubles = policy.remember(earlier, clocks.boottime(), time.time())
        # What exists by now stays: the collector need not look at it again.
        gc.freeze()
        supervise(Supervisor(observer, troubles=troubles), systemd, running)
    return 0
