"""What the facts mean: each trouble along the way of a frame, and none."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from appliance.host.links import Link
from appliance.web import reports
from appliance.web.facts import Engine, Facts, Receiver, Stream
from appliance.web.rates import Rates
from appliance.web.reports import StoreReport
from appliance.web.verdict import Level, Verdict, judge

FLOW = Rates(frames=1234.4, sources={"192.0.2.1": 1234.4})


@pytest.fixture
def facts(values: dict[str, Any]) -> Facts:
    """Return a sensor in full health."""
    return Facts(
        now=values["updated"] + 0.5,
        report=reports.parse(values),
        store=StoreReport(values["updated"], None),
        rates=FLOW,
        interface="tzsp0",
        link=Link.UP,
        engine=Engine.LISTENING,
        engine_name="Snort",
        addresses=(ip_address("2001:db8::5"), ip_address("192.168.1.5")),
        port=37008,
    )


def seen(facts: Facts, seconds_ago: float | None, **changes: Any) -> Facts:
    """Return `facts` with the last frame so long ago and no rate but what `changes` say."""
    assert facts.report is not None
    last = None if seconds_ago is None else facts.now - seconds_ago
    rates = Rates(**({"frames": 0.0} | changes))
    return replace(facts, report=replace(facts.report, last_frame=last), rates=rates)


def test_judge_of_a_sensor_in_full_health(facts: Facts) -> None:
    verdict = judge(facts)
    assert verdict.sentence == "1,234 frames a second from 192.0.2.1; Snort listens."
    assert (verdict.name, verdict.level) == ("watching", Level.OK)
    assert facts.watching


def test_judge_names_no_router_where_there_are_several(facts: Facts) -> None:
    rates = Rates(frames=30.0, sources={"192.0.2.1": 10.0, "192.0.2.2": 20.0})
    assert judge(replace(facts, rates=rates)).sentence.startswith("30 frames a second from 2 rou")


def test_judge_before_a_rate_is_known(facts: Facts) -> None:
    verdict = judge(replace(facts, rates=Rates()))
    assert verdict.sentence == "Frames arrive; Snort listens."


def test_judge_without_a_report(facts: Facts) -> None:
    facts = replace(facts, report=None, rates=Rates())
    verdict = judge(facts)
    assert (verdict.name, verdict.level) == ("receiver-absent", Level.ERROR)
    assert facts.receiver is Receiver.ABSENT
    assert not facts.watching


@pytest.mark.parametrize("offset", [12, -12], ids=["old", "from the future"])
def test_judge_of_a_report_that_is_not_from_now(facts: Facts, offset: float) -> None:
    facts = replace(facts, now=facts.now + offset)
    verdict = judge(facts)
    assert (verdict.name, verdict.level) == ("receiver-stale", Level.ERROR)
    assert "figures below are old" in verdict.sentence
    assert facts.frame_rate is None
    assert facts.stream is Stream.UNKNOWN
    assert not facts.watching


@pytest.mark.parametrize("link", [Link.DOWN, Link.MISSING])
def test_judge_without_an_interface(facts: Facts, link: Link) -> None:
    facts = replace(facts, link=link)
    verdict = judge(facts)
    assert (verdict.name, verdict.level) == (f"interface-{link.value}", Level.ERROR)
    assert "tzsp0" in verdict.sentence
    assert not facts.watching


def test_judge_before_any_stream(facts: Facts) -> None:
    verdict = judge(seen(facts, None))
    assert verdict.sentence == "No stream arrives. Point your router at 192.168.1.5:37008."
    assert (verdict.name, verdict.level) == ("stream-waiting", Level.WARNING)


def test_judge_before_any_stream_and_without_an_address(facts: Facts) -> None:
    verdict = judge(replace(seen(facts, None), addresses=(ip_address("2001:db8::5"),)))
    assert "has no IPv4 address" in verdict.sentence


def test_judge_of_a_stream_that_stopped(facts: Facts) -> None:
    verdict = judge(seen(facts, 40.2))
    assert verdict.sentence == "The stream stopped 40 s ago."
    assert (verdict.name, verdict.level) == ("stream-stopped", Level.ERROR)


def test_judge_gives_a_short_pause_time(facts: Facts) -> None:
    assert judge(seen(facts, 8)).name == "watching"


def test_judge_does_not_take_a_last_frame_in_the_future_for_a_stream(facts: Facts) -> None:
    assert judge(seen(facts, -86400)).name == "stream-stopped"


def test_judge_of_frames_that_flow_while_the_clock_is_set(facts: Facts) -> None:
    facts = replace(seen(facts, 86400), rates=FLOW)
    assert judge(facts).name == "watching"


def test_judge_of_keepalives_alone(facts: Facts) -> None:
    verdict = judge(seen(facts, None, keepalives=0.5))
    assert (verdict.name, verdict.level) == ("stream-keepalives", Level.WARNING)


@pytest.mark.parametrize("seconds_ago", [None, 3, 3000])
def test_judge_of_datagrams_that_are_all_dropped(facts: Facts, seconds_ago: float | None) -> None:
    verdict = judge(seen(facts, seconds_ago, lost={"interface_down": 9.0}))
    assert (verdict.name, verdict.level) == ("stream-unusable", Level.ERROR)
    assert "interface down" in verdict.sentence


def test_judge_of_an_unlisted_router_alone(facts: Facts) -> None:
    verdict = judge(seen(facts, None, lost={"unlisted_source": 100.0}))
    assert verdict.name == "stream-unusable"
    assert "unlisted router" in verdict.sentence


def test_judge_of_losses_beside_the_flow(facts: Facts) -> None:
    rates = replace(FLOW, lost={"oversize": 50.0, "no_buffer": 6.0})
    verdict = judge(replace(facts, rates=rates))
    assert (verdict.name, verdict.level) == ("watching-with-losses", Level.WARNING)
    assert "56 a second are lost: too large and no room." in verdict.sentence


@pytest.mark.parametrize("reason", ["feedback", "unlisted_source"])
def test_judge_takes_intended_drops_for_no_loss(facts: Facts, reason: str) -> None:
    verdict = judge(replace(facts, rates=replace(FLOW, lost={reason: 50.0})))
    assert verdict.level is Level.OK


def test_judge_of_an_engine_that_does_not_listen(facts: Facts) -> None:
    facts = replace(facts, engine=Engine.DEAF)
    verdict = judge(facts)
    assert verdict.sentence == "Snort does not listen: frames are not inspected."
    assert (verdict.name, verdict.level) == ("engine-deaf", Level.ERROR)
    assert not facts.watching


def test_judge_of_an_engine_that_cannot_be_seen(facts: Facts) -> None:
    facts = replace(facts, engine=Engine.UNKNOWN)
    verdict = judge(facts)
    assert (verdict.name, verdict.level) == ("engine-unknown", Level.WARNING)
    assert not facts.watching


@pytest.mark.parametrize(
    ("age", "error", "name", "reason"),
    [
        (None, None, "alerts-absent", "their store does not report"),
        (60, None, "alerts-stale", "their store last reported 1 min ago"),
        (-60, None, "alerts-stale", "their store last reported 1 min ago"),
        (0, "no space is left", "alerts-failing", "no space is left"),
    ],
)
def test_judge_of_alerts_that_are_not_stored(
    facts: Facts, age: float | None, error: str | None, name: str, reason: str
) -> None:
    store = None if age is None else StoreReport(facts.now - age, error)
    verdict = judge(replace(facts, store=store))
    assert verdict.sentence == f"Snort listens, but new alerts do not show: {reason}."
    assert (verdict.name, verdict.level) == (name, Level.ERROR)


def test_judge_gives_a_slow_card_time(facts: Facts) -> None:
    store = StoreReport(facts.now - 8, None)
    assert judge(replace(facts, store=store)).level is Level.OK


@pytest.mark.parametrize("engine", [Engine.DEAF, Engine.UNKNOWN])
def test_judge_tells_of_stream_and_engine_both(facts: Facts, engine: Engine) -> None:
    verdict = judge(replace(seen(facts, None), engine=engine))
    assert verdict.sentence.startswith("No stream arrives.")
    assert "Snort" in verdict.sentence
    assert verdict.level is Level.ERROR


def test_announcement_stays_while_figures_change(facts: Facts) -> None:
    faster = replace(facts, rates=Rates(frames=99.0, sources={"192.0.2.1": 99.0}))
    assert _changes(judge(facts), judge(faster)) == {"sentence"}
    assert _changes(judge(seen(facts, 40)), judge(seen(facts, 41))) == {"sentence"}
    losing = replace(facts, rates=replace(FLOW, lost={"oversize": 5.0}))
    losing_more = replace(facts, rates=replace(FLOW, lost={"oversize": 50.0}))
    assert _changes(judge(losing), judge(losing_more)) == {"sentence"}


def _changes(one: Verdict, other: Verdict) -> set[str]:
    return {key for key in vars(one) if getattr(one, key) != getattr(other, key)}


def test_judge_of_a_sensor_that_only_captures(facts: Facts) -> None:
    without = replace(facts, engine=Engine.NONE, engine_name="None", store=None)
    verdict = judge(without)
    assert (verdict.name, verdict.level, verdict.word) == ("capturing", Level.OK, "Capturing")
    assert verdict.sentence == (
        "1,234 frames a second from 192.0.2.1; captures only: this sensor has no engine."
    )
    assert without.watching
    assert "None" not in judge(replace(without, report=None)).sentence
    assert "None" not in judge(replace(without, link=Link.DOWN)).sentence
    assert "None" not in judge(seen(without, None)).sentence
