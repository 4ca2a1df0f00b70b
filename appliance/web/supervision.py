"""What glovebox-supervisor published, as typed values: refused whole when it does not fit.

The file is described in docs/developer/supervision.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.reports.levels import Level
from appliance.reports.states import State, parse
from appliance.web.films import Films, parse_films


@dataclass(frozen=True)
class Check:
    """What one check found; `since` is when it began to be so, in seconds since the epoch."""

    name: str
    level: Level
    words: str
    advice: str
    since: float


@dataclass(frozen=True)
class Stage:
    """A line of the loss ledger, in packets; the figures are None where nothing can be measured."""

    stage: str
    count: int | None
    lost: int | None
    percent: float | None
    words: str
    advice: str


@dataclass(frozen=True)
class Health:
    """The state of the whole machine at `updated`, seconds since the epoch."""

    updated: float
    state: State
    level: Level
    sentence: str
    checks: Sequence[Check]
    ledger: Sequence[Stage]
    first_loss: str | None
    films: Films | None = None

    @property
    def troubles(self) -> Sequence[Check]:
        """The checks that found something, the worst first."""
        found = [check for check in self.checks if check.level is not Level.OK]
        return sorted(found, key=lambda check: -check.level.severity)

    @property
    def passed(self) -> Sequence[Check]:
        """The checks that found nothing wrong."""
        return [check for check in self.checks if check.level is Level.OK]


@dataclass(frozen=True)
class SelfTest:
    """The newest self-test: when it ended, and the seconds it took to each station."""

    time: float
    passed: bool
    verdict: str
    seconds: Mapping[str, float]


def parse_health(values: Mapping[str, Any]) -> Health:
    """Turn what glovebox-supervisor published into a Health. Raises ValueError."""
    try:
        return Health(
            updated=_number(values["updated"]),
            state=parse(values["state"]),
            level=Level(values["level"]),
            sentence=str(values["sentence"]),
            checks=[_check(each) for each in values["checks"]],
            ledger=[_stage(each) for each in values["ledger"]],
            first_loss=_text_or_none(values["first_loss"]),
            films=None if values["media"] is None else parse_films(values["media"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"health: {error!r}") from error


def parse_selftest(values: Mapping[str, Any]) -> SelfTest:
    """Turn what `glovebox selftest` published into a SelfTest. Raises ValueError."""
    try:
        return SelfTest(
            time=_number(values["time"]),
            passed=values["passed"] is True,
            verdict=str(values["verdict"]),
            seconds={str(name): _number(value) for name, value in values["seconds"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"selftest: {error!r}") from error


def _check(values: Mapping[str, Any]) -> Check:
    return Check(
        name=str(values["name"]),
        level=Level(values["level"]),
        words=str(values["words"]),
        advice=str(values["advice"]),
        since=_number(values["since"]),
    )


def _stage(values: Mapping[str, Any]) -> Stage:
    percent = values["percent"]
    return Stage(
        stage=str(values["stage"]),
        count=_count_or_none(values["count"]),
        lost=_count_or_none(values["lost"]),
        percent=None if percent is None else _number(percent),
        words=str(values["words"]),
        advice=str(values["advice"]),
    )


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


def _count_or_none(value: Any) -> int | None:
    if value is not None and (type(value) is not int or value < 0):
        raise ValueError(f"{value!r}: expected a count or null")
    return value


def _number(value: Any) -> float:
    # The comparison also refuses NaN and the infinities, which JSON as Python reads it may hold.
    if type(value) not in (int, float) or not 0 <= value < 1e11:
        raise ValueError(f"{value!r}: expected a number from 0")
    return float(value)
