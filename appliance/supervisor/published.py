# SPDX-License-Identifier: MIT
"""Builds the supervisor's status file: everything that it knows, for LEDs, page and terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from appliance.reports.films import Films
from appliance.reports.levels import Level, Result
from appliance.reports.selftest import SelfTestReport
from appliance.reports.supervisor import Deed, DeedKind, Finding, Health
from appliance.supervisor import losses, rates
from appliance.supervisor.history import KEPT_S, History
from appliance.supervisor.observations import Observations, Unknown
from appliance.supervisor.policy import Action, Troubles
from appliance.supervisor.verdict import Verdict

MOST_ACTIONS = 20


@dataclass(frozen=True, slots=True)
class Done:
    """An action, and when it was taken (seconds since the boot)."""

    boottime: float
    action: Action


def health(
    history: History,
    verdict: Verdict,
    results: Mapping[str, Result],
    since: Mapping[str, float],
    done: Sequence[Done],
) -> Health:
    """Return what is published.

    `since` is when each check's level came to be what it is, in seconds since the boot: published
    times are those of the clock as it is now, so that setting it does not tear them apart.
    """
    now = history.now
    recent = history.span(KEPT_S)[0]
    lines = losses.rows(history.ledger.totals, recent, with_engine=now.engine is not None)
    return Health(
        updated=now.time,
        state=verdict.state,
        level=verdict.level,
        sentence=verdict.sentence,
        checks=tuple(
            finding(name, result, _epoch(now, since[name])) for name, result in results.items()
        ),
        ledger=lines,
        first_loss=losses.first_loss(lines),
        rates=rates.rates(history),
        films=_films(now),
        selftest=None if isinstance(now.reports, Unknown) else now.report(SelfTestReport),
        actions=tuple(_deed(now, each) for each in reversed(done[-MOST_ACTIONS:])),
    )


def finding(name: str, result: Result, since: float | None) -> Finding:
    """Return what a check found as it is published; `since` is in seconds since the epoch."""
    return Finding(name, result.level, result.words, result.advice, since)


def _deed(now: Observations, done: Done) -> Deed:
    action = done.action
    return Deed(_epoch(now, done.boottime), action.unit, action.kind, action.reason)


def _films(now: Observations) -> Films | None:
    """Return what is served and what is plugged in; None where nothing is."""
    if isinstance(now.media, Unknown) or isinstance(now.drives, Unknown):
        return None
    return Films(now.media, now.drives)


def _epoch(now: Observations, boottime: float) -> float:
    # By a clock that stands near 1970, what began before then began at once.
    return max(0.0, round(now.time - (now.boottime - boottime), 3))


def dated(
    before: Mapping[str, Level],
    since: Mapping[str, float],
    results: Mapping[str, Result],
    now: float,
) -> dict[str, float]:
    """Return since when each check's level is what it is; `now` for those that changed."""
    return {
        name: since[name] if before.get(name) is result.level else now
        for name, result in results.items()
    }


def admit(results: Mapping[str, Result], troubles: Troubles) -> dict[str, Result]:
    """Return the results; where restarting was given up for now, the advice says so."""
    return {name: _admitted(result, troubles) for name, result in results.items()}


def _admitted(result: Result, troubles: Troubles) -> Result:
    trouble = troubles.get(result.remedy or "")
    if trouble is None or trouble.told is not DeedKind.GIVE_UP:
        return result
    return replace(
        result,
        advice=f"{len(trouble.restarts)} restarts within an hour did not help; more will be tried"
        " later. Cut the power, wait ten seconds and start this machine again.",
    )
