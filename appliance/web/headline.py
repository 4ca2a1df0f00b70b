"""The first line of the page: what the supervisor says or what the page sees, whichever is worse.

Pure. The supervisor knows more, but its word is some seconds old, and it may be the one that fails.
"""

from __future__ import annotations

from dataclasses import replace

from appliance.reports import levels
from appliance.reports.states import State
from appliance.web.facts import Facts
from appliance.web.supervision import Health
from appliance.web.verdict import Level, Verdict, judge

UNSUPERVISED = "The supervisor does not report."
LEVELS = {
    levels.Level.OK: Level.OK,
    levels.Level.UNKNOWN: Level.WARNING,
    levels.Level.WARN: Level.WARNING,
    levels.Level.FAIL: Level.ERROR,
}
WORDS = {
    State.BOOTING: "Starting",
    State.WAITING: "Waiting",
    State.SEEING: "Watching",
    State.CAPTURING: "Capturing",
    State.LOSING: "Losing packets",
    State.ENGINE_DOWN: "Not watching",
    State.ALERT: "Alert",
    State.CONFIG_ERROR: "Wrong setting",
    State.OTHER_DHCP: "Another DHCP server",
    State.TROUBLE: "Trouble",
    State.SAFE_TO_UNPLUG: "Safe to unplug",
    State.SILENT: "Unsure",
}
SHADES = {Level.OK: "", Level.WARNING: ", with a warning", Level.ERROR: ", with a fault"}


def headline(facts: Facts) -> Verdict:
    """Return the worse of both verdicts; the supervisor's where they are equally bad."""
    own, health = judge(facts), facts.health
    if health is None:
        return _unsupervised(own)
    supervised = _supervised(health)
    return own if own.level.severity > supervised.level.severity else supervised


def _unsupervised(own: Verdict) -> Verdict:
    return replace(
        own,
        level=_at_least_a_warning(own.level),
        # That the engine listens does not say that it inspects.
        word=WORDS[State.SILENT] if own.level is Level.OK else own.word,
        sentence=f"{own.sentence} {UNSUPERVISED}",
        announcement=f"{own.announcement} {UNSUPERVISED}",
    )


def _supervised(health: Health) -> Verdict:
    level, word = LEVELS[health.level], WORDS[health.state]
    if health.state in (State.SEEING, State.CAPTURING):
        word += SHADES[level]
    # A state that nobody knows is no good state, whatever level stands beside it; and where the
    # sensor is well that raised a grave alert, not all is well at home.
    if health.state in (State.SILENT, State.ALERT):
        level = _at_least_a_warning(level)
    return Verdict(health.state.value, level, word, health.sentence, f"{health.state.words}.")


def _at_least_a_warning(level: Level) -> Level:
    return max(level, Level.WARNING, key=lambda level: level.severity)
