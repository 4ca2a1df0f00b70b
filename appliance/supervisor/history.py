# SPDX-License-Identifier: MIT
"""The last minutes: what was observed, and what had been lost by then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from appliance.supervisor.losses import Flows, Ledger
from appliance.supervisor.observations import Observations, Report, Unknown

KEPT_S = 300.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One look and the loss ledger as of then."""

    observations: Observations
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class History:
    """Moments of the last KEPT_S seconds, the oldest first; never empty."""

    moments: tuple[Moment, ...]

    @classmethod
    def begin(cls, observations: Observations) -> History:
        """Return a history of one look."""
        return cls((Moment(observations, Ledger().update(observations)),))

    def add(self, observations: Observations) -> History:
        """Return the history with another look, without what is too old to matter."""
        newest = Moment(observations, self.moments[-1].ledger.update(observations))
        oldest = observations.boottime - KEPT_S
        kept = [each for each in self.moments if each.observations.boottime >= oldest]
        return replace(self, moments=(*kept, newest))

    @property
    def now(self) -> Observations:
        """The newest look."""
        return self.moments[-1].observations

    @property
    def ledger(self) -> Ledger:
        """The loss ledger as of now."""
        return self.moments[-1].ledger

    def ago(self, seconds: float) -> Observations | None:
        """Return the newest look that is at least so old; None where there is none."""
        moment = self._ago(seconds)
        return moment.observations if moment else None

    def oldest(self, seconds: float) -> Observations:
        """Return where span() of the same seconds begins."""
        return (self._ago(seconds) or self.moments[0]).observations

    def during(self, seconds: float) -> Iterator[Observations]:
        """Yield the looks of the last `seconds`, the newest first."""
        start = self.now.boottime - seconds
        for moment in reversed(self.moments):
            if moment.observations.boottime < start:
                return
            yield moment.observations

    def span(self, seconds: float) -> tuple[Flows, float]:
        """Return what passed and was lost in the last `seconds`, and how many seconds that were.

        They are fewer where the history is shorter; 0.0 after a single look.
        """
        start = self._ago(seconds) or self.moments[0]
        elapsed = self.now.boottime - start.observations.boottime
        return self.ledger.since(start.ledger), elapsed

    def _ago(self, seconds: float) -> Moment | None:
        latest = self.now.boottime - seconds
        for moment in reversed(self.moments):
            if moment.observations.boottime <= latest:
                return moment
        return None


def told(history: History, kind: type[Report], seconds: float) -> Report | None:
    """Return what an area had published so long ago; None where nobody knows."""
    return _report(history.ago(seconds), kind)


def told_first(history: History, kind: type[Report], seconds: float) -> Report | None:
    """Return what an area had published where span() of the same seconds begins."""
    return _report(history.oldest(seconds), kind)


def _report(then: Observations | None, kind: type[Report]) -> Report | None:
    known = then is not None and not isinstance(then.reports, Unknown)
    return then.report(kind) if then is not None and known else None
