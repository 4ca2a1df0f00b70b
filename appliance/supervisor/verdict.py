# SPDX-License-Identifier: MIT
"""The one word and the one sentence that follow from what the checks found. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.reports.levels import Level, Result
from appliance.reports.states import State

# Whichever of these a check speaks for decides, the first one found. What blinds the sensor comes
# before what keeps it from telling, and that before what it sees; a fresh alert, which passes by
# itself, before what stays until it is mended.
PRECEDENCE = (
    State.ENGINE_DOWN,
    State.TROUBLE,
    State.ALERT,
    State.LOSING,
    State.CONFIG_ERROR,
    State.OTHER_DHCP,
    State.BOOTING,
    State.WAITING,
    State.SEEING,
    State.CAPTURING,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the machine is: for the LEDs, for programs, and for its owner."""

    state: State
    level: Level
    sentence: str


def judge(results: Mapping[str, Result]) -> Verdict:
    """Sum up the results, which stand in the order of the table."""
    worst = max(results.values(), key=lambda result: result.level.severity)
    found = _decisive(results)
    if found is None:
        # Nobody can even say that it is starting: nothing is watched for sure.
        doubt = next((each for each in results.values() if each.level is Level.UNKNOWN), worst)
        sentence = f"Whether traffic is inspected is not known. {doubt.words}"
        return Verdict(State.ENGINE_DOWN, worst.level, sentence)
    state, decisive = found
    sentence = decisive.words
    if state is State.SEEING and "inspection" in results:
        sentence = f"{sentence.removesuffix('.')}; {results['inspection'].words}"
    if state is State.CAPTURING and "engine" in results:
        sentence = f"{sentence} {results['engine'].words}"
    if _is_news(worst, decisive):
        sentence = f"{sentence.removesuffix('.')}, but: {worst.words}"
    return Verdict(state, worst.level, sentence)


def _is_news(worst: Result, decisive: Result) -> bool:
    # That nobody streams yet is no fault of a machine that is not ready either.
    return (
        worst.level.severity > max(decisive.level.severity, Level.UNKNOWN.severity)
        and worst.state is not State.WAITING
    )


def _decisive(results: Mapping[str, Result]) -> tuple[State, Result] | None:
    for state in PRECEDENCE:
        for result in results.values():
            if _claim(result) is state:
                return state, result
    return None


def _claim(result: Result) -> State | None:
    # What fails is never passed over, even where the frames are inspected meanwhile.
    if result.state is None and result.level is Level.FAIL:
        return State.TROUBLE
    return result.state
