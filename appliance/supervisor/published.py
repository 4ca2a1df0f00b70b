"""The status file `health`: everything that the supervisor knows, for LEDs, page and terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from appliance.reports.levels import Level, Result
from appliance.supervisor import losses
from appliance.supervisor.history import KEPT_S, History
from appliance.supervisor.observations import Observations, SelfTest, Unknown
from appliance.supervisor.policy import Action, Kind, Troubles
from appliance.supervisor.verdict import Verdict

NAME = "supervisor"
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
) -> dict[str, Any]:
    """Return what is published.

    `since` is when each check's level came to be what it is, in seconds since the boot: published
    times are those of the clock as it is now, so that setting it does not tear them apart.
    """
    now = history.now
    recent = history.span(KEPT_S)[0]
    lines = losses.rows(history.ledger.totals, recent, with_engine=now.engine is not None)
    return {
        "updated": now.time,
        "state": verdict.state.value,
        "level": verdict.level.value,
        "sentence": verdict.sentence,
        "checks": [
            {
                "name": name,
                "level": result.level.value,
                "words": result.words,
                "advice": result.advice,
                "since": _epoch(now, since[name]),
            }
            for name, result in results.items()
        ],
        "ledger": [line.as_json() for line in lines],
        "first_loss": losses.first_loss(lines),
        "media": _media(now),
        "selftest": asdict(now.selftest) if isinstance(now.selftest, SelfTest) else None,
        "actions": [
            {
                "time": _epoch(now, each.boottime),
                "unit": each.action.unit,
                "action": each.action.kind.value,
                "reason": each.action.reason,
            }
            for each in reversed(done[-MOST_ACTIONS:])
        ],
    }


def _media(now: Observations) -> dict[str, Any] | None:
    """Return what is served and what is plugged in; None where nothing is."""
    if isinstance(now.media, Unknown) or isinstance(now.drives, Unknown):
        return None
    return {
        **asdict(now.media),
        "clients": [asdict(each) for each in now.media.clients],
        "drives": [asdict(each) for each in now.drives],
    }


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
    if trouble is None or trouble.told is not Kind.GIVE_UP:
        return result
    return replace(
        result,
        advice=f"{len(trouble.restarts)} restarts within an hour did not help; more will be tried"
        " later. Cut the power, wait ten seconds and start this machine again.",
    )
