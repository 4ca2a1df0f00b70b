# SPDX-License-Identifier: MIT
"""`glovebox probation`: watch new network settings, and bring back those that worked before.

Runs only while settings are on trial. It sees no settings and changes none: it keeps what came of
the trial, and asks for the settings to be read anew (`appliance.probation.policy` decides then).
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from appliance import requests, service
from appliance.errors import GloveboxError
from appliance.host import clocks
from appliance.probation import evidence, keeping
from appliance.probation.evidence import Seen
from appliance.probation.in_force import ProbationPlaces
from appliance.probation.keeping import OnTrial
from appliance.probation.policy import LIMIT_S, TrialProgress
from appliance.reports.probation import ProbationReport, TrialEnd
from appliance.service import Running

LOOK_S = 2.0
# How much of a trial a power cut may undo; each step is a write to the card.
KEEP_S = 60.0
PLACES = ProbationPlaces()

EPILOG = """\
Exit status: 0 done: they work, or those before were asked for; 1 what came of it cannot be kept; 2
bad usage."""

log = logging.getLogger(__name__)


class NetworkTrial:
    """One trial: counts the seconds in which somebody could have been reached, until a verdict."""

    def __init__(self, on_trial: OnTrial, spent: float, now: float, limit: float) -> None:
        """Take what was spent before this start; times are seconds since the boot."""
        self._on_trial, self._limit = on_trial, limit
        self._spent, self._at = spent, now
        self._verdict, self._reason = TrialEnd.PENDING, ""

    def look(self, seen: Seen, now: float) -> None:
        """Judge what is seen now."""
        if evidence.counts(self._on_trial, seen):
            self._spent += min(now - self._at, 2 * LOOK_S)
        self._at = now
        self._reason = evidence.proof(self._on_trial, seen)
        if self._reason:
            self._verdict = TrialEnd.WORKS
        elif self._spent >= self._limit:
            self._verdict = TrialEnd.FAILED

    def report(self) -> ProbationReport:
        """Return how it stands, for all."""
        return ProbationReport(self._verdict, max(0.0, self._limit - self._spent), self._reason)

    @property
    def progress(self) -> TrialProgress:
        return TrialProgress(self._on_trial.attempt, self._spent, self._verdict)


def main(argv: Sequence[str]) -> int:
    """Watch until a verdict; `--help` tells more."""
    parser = argparse.ArgumentParser(
        prog="glovebox probation",
        description="Bring network settings back that worked, where new ones do not (service).",
        epilog=EPILOG,
    )
    parser.add_argument("--seconds", type=float, default=LIMIT_S, help="the trial (%(default)s)")
    parser.add_argument("--on-trial", type=Path, default=PLACES.on_trial, help="(%(default)s)")
    parser.add_argument("--progress", type=Path, default=PLACES.progress, help="(%(default)s)")
    parser.add_argument("--door", type=Path, default=requests.PROBATION, help="(%(default)s)")
    return service.run("probation", parser, argv, _watch, settings=False)


def _watch(running: Running) -> int:
    arguments = running.arguments
    on_trial = keeping.read_on_trial(arguments.on_trial)
    if on_trial is None:
        log.info("no network settings are on trial")
        return 0
    before = keeping.read_progress(arguments.progress)
    spent = before.spent if before and before.attempt == on_trial.attempt else 0.0
    trial = NetworkTrial(on_trial, spent, clocks.boottime(), arguments.seconds)
    keep = _Keeper(arguments.progress, spent)
    while not running.stop:
        trial.look(evidence.look(on_trial), clocks.boottime())
        keep(trial.progress)
        report = trial.report()
        running.beat(report.sentence, trial.report)
        if report.verdict is not TrialEnd.PENDING:
            running.publisher.publish(report)
            log.log(_level(report), "%s", report.sentence)
            return _end(report, arguments.door)
        running.stop.wait(LOOK_S)
    return 0


def _level(report: ProbationReport) -> int:
    return logging.WARNING if report.verdict is TrialEnd.FAILED else logging.INFO


def _end(report: ProbationReport, door: Path) -> int:
    if report.verdict is TrialEnd.FAILED:
        try:
            requests.come_back(door)
        except OSError as error:
            raise GloveboxError(f"the settings before cannot be asked for: {error}") from error
    return 0


class _Keeper:
    """Keeps progress at each step of KEEP_S, and a verdict at once."""

    def __init__(self, file: Path, spent: float) -> None:
        self._file, self._spent = file, spent

    def __call__(self, progress: TrialProgress) -> None:
        """Raises GloveboxError where a verdict cannot be kept: it would not hold."""
        is_over = progress.verdict is not TrialEnd.PENDING
        if not is_over and progress.spent - self._spent < KEEP_S:
            return
        try:
            keeping.write_progress(progress, self._file)
            self._spent = progress.spent
        except OSError as error:
            if is_over:
                raise GloveboxError(f"the trial's end cannot be kept: {error}") from error
            log.warning("how far the trial is cannot be kept: %s", error)
            self._spent = progress.spent
