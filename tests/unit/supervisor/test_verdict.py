# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from appliance.reports.levels import Level, Result, fail, ok, unknown, warn
from appliance.reports.states import State
from appliance.supervisor import verdict
from appliance.supervisor.verdict import PRECEDENCE

SEEING = ok("7 frames a second arrive from 192.0.2.1.", State.SEEING)
INSPECTING = ok("Snort inspects what arrives.")
WAITING = warn("No router streams.", "Start one.", State.WAITING)
LOSING = warn("In the last minute 5 of 10 datagrams were lost.", "", State.LOSING)
BLIND = fail("Snort does not run.", "", "glovebox-ids.service", State.ENGINE_DOWN)
STARTING = unknown("Snort is starting.", State.BOOTING)
BAD_SETTING = warn("A setting cannot be used.", "", State.CONFIG_ERROR)
ALERT = ok("An alert of high priority 2 min ago: SCAN.", State.ALERT)
FULL = warn("1 MiB of 1.0 GiB are free on /a.", "Keep fewer.")
DEAF_STORE = fail("Alerts are not stored: no space.", "")
CAME_BACK = warn("The receiver ended and was started again.", "", State.TROUBLE)
DIM = unknown("Not known: no bus.")


def test_precedence_has_every_state_that_a_check_can_claim() -> None:
    assert set(PRECEDENCE) == set(State) - {State.SAFE_TO_UNPLUG, State.SILENT}


@pytest.mark.parametrize(
    ("results", "state", "level", "sentence"),
    [
        ([SEEING, INSPECTING], State.SEEING, Level.OK,
         "7 frames a second arrive from 192.0.2.1; Snort inspects what arrives."),
        ([SEEING, INSPECTING, FULL], State.SEEING, Level.WARN,
         "7 frames a second arrive from 192.0.2.1; Snort inspects what arrives, but: 1 MiB of 1.0"
         " GiB are free on /a."),
        ([SEEING, INSPECTING, DIM], State.SEEING, Level.UNKNOWN,
         "7 frames a second arrive from 192.0.2.1; Snort inspects what arrives."),
        ([WAITING, INSPECTING, FULL], State.WAITING, Level.WARN, WAITING.words),
        ([STARTING, WAITING], State.BOOTING, Level.WARN,
         STARTING.words),
        ([SEEING, LOSING, BAD_SETTING], State.LOSING, Level.WARN, LOSING.words),
        ([SEEING, ALERT, LOSING], State.ALERT, Level.WARN,
         "An alert of high priority 2 min ago: SCAN, but: " + LOSING.words),
        ([SEEING, ALERT, LOSING, BLIND], State.ENGINE_DOWN, Level.FAIL, BLIND.words),
        ([BLIND, STARTING], State.ENGINE_DOWN, Level.FAIL, BLIND.words),
        ([SEEING, BAD_SETTING], State.CONFIG_ERROR, Level.WARN, BAD_SETTING.words),
        ([SEEING, INSPECTING, DEAF_STORE], State.TROUBLE, Level.FAIL, DEAF_STORE.words),
        ([SEEING, ALERT, CAME_BACK], State.TROUBLE, Level.WARN, CAME_BACK.words),
        ([SEEING, BLIND, DEAF_STORE], State.ENGINE_DOWN, Level.FAIL, BLIND.words),
        ([DIM, FULL], State.ENGINE_DOWN, Level.WARN,
         "Whether traffic is inspected is not known. Not known: no bus."),
    ],
    ids=["seeing", "but", "in part unknown", "waiting", "starting", "losing", "alert", "blind",
         "blind and starting", "bad setting", "failure of its own", "trouble before news",
         "blind before trouble", "nobody knows"],
)  # fmt: skip
def test_judge_says_what_matters_most(
    results: list[Result], state: State, level: Level, sentence: str
) -> None:
    names = ["stream", "inspection", "third", "fourth"]
    found = verdict.judge(dict(zip(names, results, strict=False)))
    assert (found.state, found.level, found.sentence) == (state, level, sentence)


def test_judge_prefers_the_first_of_the_table() -> None:
    first = fail("The interface is missing.", "", state=State.ENGINE_DOWN)
    assert verdict.judge({"interface": first, "engine": BLIND}).sentence == first.words


def test_judge_of_a_sensor_that_only_captures() -> None:
    capturing = ok("7 frames a second arrive from 192.0.2.1.", State.CAPTURING)
    engine = ok("Captures only: this sensor has no engine.")
    found = verdict.judge({"stream": capturing, "engine": engine})
    assert (found.state, found.level) == (State.CAPTURING, Level.OK)
    assert found.sentence == (
        "7 frames a second arrive from 192.0.2.1. Captures only: this sensor has no engine."
    )
