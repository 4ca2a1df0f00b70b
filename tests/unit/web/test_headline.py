"""The first line of the page: never better than the worse of two verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appliance.host.links import Link
from appliance.reports import levels
from appliance.reports.states import State
from appliance.web import reports
from appliance.web.facts import Engine, Facts
from appliance.web.headline import LEVELS, UNSUPERVISED, WORDS, headline
from appliance.web.rates import Rates
from appliance.web.reports import StoreReport
from appliance.web.supervision import parse_health
from appliance.web.verdict import Level
from tests.web.reports import a_health


@pytest.fixture
def facts(values: dict[str, Any]) -> Facts:
    """Return a sensor in full health, of which the supervisor says so."""
    now = values["updated"] + 0.5
    return Facts(
        now=now,
        report=reports.parse(values),
        store=StoreReport(now, None),
        rates=Rates(frames=10.0, sources={"192.0.2.1": 10.0}),
        interface="tzsp0",
        link=Link.UP,
        engine=Engine.LISTENING,
        engine_name="Snort",
        addresses=(),
        port=37008,
        told=parse_health(a_health(now)),
    )


def told(facts: Facts, **changes: Any) -> Facts:
    """Return `facts` with the supervisor saying something else."""
    return replace(facts, told=parse_health(a_health(facts.now) | changes))


def test_headline_is_the_supervisors_when_all_is_well(facts: Facts) -> None:
    line = headline(facts)
    assert line.sentence == a_health(0)["sentence"]
    assert (line.name, line.level, line.word) == ("seeing", Level.OK, "Watching")
    assert line.announcement == "traffic arrives and is inspected."


def test_headline_is_the_supervisors_when_it_knows_of_worse(facts: Facts) -> None:
    line = headline(told(facts, state="engine_down", level="fail", sentence="Snort is deaf."))
    assert (line.sentence, line.level, line.word) == ("Snort is deaf.", Level.ERROR, "Not watching")


def test_headline_is_the_pages_own_when_it_sees_worse(facts: Facts) -> None:
    line = headline(replace(facts, engine=Engine.DEAF))
    assert line.sentence == "Snort does not listen: frames are not inspected."
    assert line.level is Level.ERROR


@pytest.mark.parametrize("age", [15.6, -15.6, 1e6])
def test_headline_without_a_fresh_word_is_never_good(facts: Facts, age: float) -> None:
    line = headline(told(facts, updated=facts.now - age))
    assert line.sentence.endswith(f"Snort listens. {UNSUPERVISED}")
    assert line.announcement.endswith(UNSUPERVISED)
    assert (line.level, line.word) == (Level.WARNING, "Unsure")


def test_headline_without_any_word_stays_as_bad_as_it_is(facts: Facts) -> None:
    assert headline(replace(facts, told=None, link=Link.DOWN)).level is Level.ERROR
    assert headline(replace(facts, told=None)).level is Level.WARNING


def test_headline_of_an_old_word_that_is_fresh_enough(facts: Facts) -> None:
    assert headline(told(facts, updated=facts.now - 10)).name == "seeing"


@pytest.mark.parametrize(("level", "word"), [("warn", "warning"), ("fail", "fault")])
def test_headline_does_not_say_watching_and_no_more_when_something_is_wrong(
    facts: Facts, level: str, word: str
) -> None:
    assert headline(told(facts, level=level)).word == f"Watching, with a {word}"


def test_headline_of_a_state_that_nobody_knows(facts: Facts) -> None:
    line = headline(told(facts, state="dancing"))
    assert (line.level, line.word) == (Level.WARNING, "Unsure")


@pytest.mark.parametrize("level", ["ok", "warn"])
def test_headline_of_a_grave_alert_is_not_good_news(facts: Facts, level: str) -> None:
    line = headline(told(facts, state="alert", level=level))
    assert (line.level, line.word) == (Level.WARNING, "Alert")


def test_every_state_and_level_has_its_words() -> None:
    assert set(WORDS) == set(State)
    assert set(LEVELS) == set(levels.Level)
