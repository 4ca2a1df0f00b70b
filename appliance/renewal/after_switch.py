# SPDX-License-Identifier: MIT
"""Whether an engine stands its test after a switch of rules, from what is seen of it. Pure.

First it has to come up with the new rules; then, for a minute, it has to be one and the same and
listen all the time, and a self-test that began after the switch has to come through the whole way
to the store.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance import words

UP_S, WATCH_S, TEST_S = 240.0, 60.0, 240.0
# Of the rules that were tried, so many must be loaded: a few may stand twice, in the owner's too.
LEAST = 0.98


@dataclass(frozen=True, slots=True)
class EngineSeen:
    """An engine at `time` (monotonic, s).

    `socket` tells one process from another, None where none listens. `loaded` rules it has since
    `reloaded`, where it tells. `passed` is the newest self-test since it is up, None for none yet.
    """

    time: float
    socket: int | None
    loaded: int | None = None
    reloaded: str = ""
    passed: bool | None = None
    verdict: str = ""


@dataclass
class AfterSwitch:
    """The watch over one switch, after `before` was seen; `live`: without a restart.

    `rules` are expected to be loaded, 0 where the engine does not tell.
    """

    before: EngineSeen
    live: bool
    rules: int = 0
    up: EngineSeen | None = None

    def judge(self, seen: EngineSeen) -> str | None:
        """Return None to go on watching, "" for a switch that stood its test, or what is wrong."""
        if self.up is None:
            return self._until_up(seen)
        if seen.socket != self.up.socket:
            return "the engine ended, or listens no more"
        watched = seen.time - self.up.time
        if watched >= WATCH_S and seen.passed is not None:
            # One that failed is made again by itself, so the last one counts.
            return "" if seen.passed else f"the self-test failed: {seen.verdict}"
        return "no self-test came through" if watched >= TEST_S else None

    def _until_up(self, seen: EngineSeen) -> str | None:
        if self._is_new(seen):
            self.up = seen
            return self._fewer(seen) or None
        if self.live and seen.socket != self.before.socket:
            return "the engine ended when it was to load the rules"
        if seen.time - self.before.time > UP_S:
            return f"the engine did not come up with them within {words.duration(UP_S)}"
        return None

    def _is_new(self, seen: EngineSeen) -> bool:
        if seen.socket is None or (self.rules and seen.loaded is None):
            return False
        if self.live:
            return seen.reloaded != self.before.reloaded
        return seen.socket != self.before.socket

    def _fewer(self, seen: EngineSeen) -> str:
        if self.rules and seen.loaded is not None and seen.loaded < LEAST * self.rules:
            loaded, tried = words.number(seen.loaded), words.number(self.rules)
            return f"the engine has {loaded} rules loaded, of {tried} that it took in the trial"
        return ""
