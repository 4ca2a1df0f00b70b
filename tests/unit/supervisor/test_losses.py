# SPDX-License-Identifier: MIT
from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.ids.engine import EngineAway, EngineCount
from appliance.reports.outcomes import OUTCOMES, Outcome, Tally
from appliance.reports.supervisor import LossRow, Stage
from appliance.supervisor.losses import (
    UNMEASURABLE,
    Flow,
    Ledger,
    counters,
    first_loss,
    rows,
)
from appliance.supervisor.observations import Unknown
from tests.unit.supervisor.looks import TZSP0, look, received, receiver, tally

COUNTS = st.integers(0, 1 << 40)
NOBODY_KNOWS = Unknown("test")


@pytest.mark.parametrize(
    ("outcome", "stage"),
    [
        ("malformed", Stage.DECAPSULATION),
        ("unsupported_encapsulation", Stage.DECAPSULATION),
        ("oversize", Stage.INTERFACE),
        ("no_buffer", Stage.INTERFACE),
        ("interface_down", Stage.INTERFACE),
    ],
)
def test_counters_name_the_stage_of_each_drop(outcome: str, stage: Stage) -> None:
    found = counters(look(receiver=receiver(tally=tally(sent=90, **{outcome: 10}))))
    assert {name for name, flow in found.items() if flow.lost} == {stage}
    assert found[stage] == Flow(100, 10)


@pytest.mark.parametrize("outcome", ["keepalive", "feedback", "unlisted_source"])
def test_counters_call_what_is_set_aside_on_purpose_no_loss(outcome: str) -> None:
    found = counters(look(receiver=receiver(tally=tally(sent=90, **{outcome: 10}))))
    assert not any(flow.lost for flow in found.values())
    assert found[Stage.INTERFACE] == Flow(90, 0)


def test_counters_take_the_kernel_losses_before_the_program() -> None:
    found = counters(
        look(receiver=receiver(tally=received(sent=70).tally, socket_overflow=20,
                               reassembly_failures=10))
    )  # fmt: skip
    assert found[Stage.REASSEMBLY] == Flow(100, 10)
    assert found[Stage.SOCKET] == Flow(90, 20)
    assert found[Stage.DECAPSULATION] == Flow(70, 0)


@given(st.lists(COUNTS, min_size=OUTCOMES, max_size=OUTCOMES), COUNTS, COUNTS)
def test_counters_hand_on_to_each_stage_what_the_one_before_kept(
    outcomes: list[int], overflow: int, incomplete: int
) -> None:
    found = counters(
        look(receiver=receiver(tally=Tally(outcomes), socket_overflow=overflow,
                               reassembly_failures=incomplete))
    )  # fmt: skip
    aside = (
        outcomes[Outcome.KEEPALIVE] + outcomes[Outcome.FEEDBACK] + outcomes[Outcome.UNLISTED_SOURCE]
    )
    kept = {stage: flow.count - flow.lost for stage, flow in found.items()}
    assert kept[Stage.REASSEMBLY] == found[Stage.SOCKET].count
    assert kept[Stage.SOCKET] == found[Stage.DECAPSULATION].count
    assert kept[Stage.DECAPSULATION] - aside == found[Stage.INTERFACE].count
    assert kept[Stage.INTERFACE] == outcomes[Outcome.SENT]


def test_update_counts_all_there_is_at_first() -> None:
    ledger = Ledger().update(look(receiver=received(sent=90, malformed=10)))
    assert ledger.totals[Stage.DECAPSULATION] == Flow(100, 10)


def test_update_goes_on_where_a_program_began_anew() -> None:
    ledger = Ledger()
    for engine in (EngineCount(100, 10), EngineCount(150, 10), EngineCount(30, 5)):
        ledger = ledger.update(look(engine=engine))
    assert ledger.totals[Stage.ENGINE] == Flow(180, 15)


def test_update_takes_counters_up_again_after_they_were_unknown() -> None:
    ledger = Ledger()
    for engine in (EngineCount(100, 0), NOBODY_KNOWS, EngineCount(150, 20)):
        ledger = ledger.update(look(engine=engine))
    assert ledger.totals[Stage.ENGINE] == Flow(150, 20)


def passing(*looks: tuple[int, bool | None | Unknown]) -> Ledger:
    """Return the ledger after looks of (frames on the interface, whether an engine listens)."""
    ledger = Ledger()
    for packets, listening in looks:
        interface = replace(TZSP0, packets=packets)
        ledger = ledger.update(look(interface=interface, listening=listening, engine=NOBODY_KNOWS))
    return ledger


def away(*looks: tuple[int, EngineAway | None | Unknown]) -> Flow:
    """Return what is lost at the engine after looks of (frames on the interface, who was away)."""
    ledger = Ledger()
    for packets, told in looks:
        interface, listening = replace(TZSP0, packets=packets), not _is_away(told)
        now = look(interface=interface, listening=listening, away=told, engine=NOBODY_KNOWS)
        ledger = ledger.update(now)
    return ledger.totals.get(Stage.ENGINE, Flow())


def _is_away(told: EngineAway | None | Unknown) -> bool:
    return told is None or (isinstance(told, EngineAway) and told.began is None)


@pytest.mark.parametrize(
    ("looks", "missed"),
    [
        # From the start of the interface until the engine took frames, sampled and then told.
        ([(10, None), (40, None), (90, EngineAway(0, 70)), (95, EngineAway(0, 70))], 70),
        # A restart between two looks, and one that lasts.
        ([(90, EngineAway(0, 0)), (200, EngineAway(120, 150)), (300, EngineAway(120, 150))], 30),
        (
            [(90, EngineAway(0, 0)), (200, EngineAway(120)), (260, EngineAway(120)),
             (400, EngineAway(120, 300)), (500, EngineAway(120, 300))], 180,
        ),
        ([(90, EngineAway(0, 5)), (200, EngineAway(120, 150)), (900, EngineAway(600, 607))], 42),
        # The interface was made anew, and nobody takes its frames.
        ([(900, EngineAway(0, 0)), (20, EngineAway(950)), (50, EngineAway(950))], 50),
        ([(90, EngineAway(0, 0)), (200, EngineAway(120)), (220, NOBODY_KNOWS),
          (260, EngineAway(120, 250))], 130),
    ],
    ids=["boot", "short", "long", "three", "interface anew", "not known"],
)  # fmt: skip
def test_what_passes_while_the_engine_is_away_is_counted_to_the_frame(
    looks: list[tuple[int, EngineAway | None | Unknown]], missed: int
) -> None:
    assert away(*looks) == Flow(missed, missed)


@pytest.mark.parametrize(
    ("looks", "missed"),
    [
        ([(0, False), (100, False), (250, False)], 250),
        ([(100, False), (100, False)], 0),
        ([(100, True), (200, False), (250, False)], 50),
        ([(100, False), (200, True), (300, True)], 0),
        ([(100, False), (200, NOBODY_KNOWS), (300, False)], 0),
        ([(100, False), (200, None), (300, False)], 0),
        ([(900, False), (20, False)], 20),
    ],
    ids=["nobody", "idle", "stopped", "started", "not known", "no engine", "interface anew"],
)
def test_update_counts_frames_that_no_engine_heard(
    looks: list[tuple[int, bool | None | Unknown]], missed: int
) -> None:
    assert passing(*looks).totals.get(Stage.ENGINE, Flow()) == Flow(missed, missed)


def test_since_returns_what_came_after() -> None:
    early = Ledger().update(look(receiver=received(sent=90, malformed=10)))
    late = early.update(look(receiver=received(sent=190, malformed=15)))
    assert late.since(early)[Stage.DECAPSULATION] == Flow(105, 5)


def test_rows_have_a_line_for_each_stage_in_order() -> None:
    assert [row.stage for row in rows({}, {})] == list(Stage)


@pytest.mark.parametrize("stage", UNMEASURABLE)
def test_rows_do_not_pretend_to_know_what_cannot_be_measured(stage: Stage) -> None:
    row = next(row for row in rows({}, {}) if row.stage is stage)
    assert (row.count, row.lost, row.percent) == (None, None, None)
    assert "Not measurable" in row.words
    assert row.advice


def test_rows_say_what_was_lost_and_whether_it_goes_on() -> None:
    total, recent = {Stage.SOCKET: Flow(1000, 25)}, {Stage.SOCKET: Flow(100, 5)}
    row = next(row for row in rows(total, recent) if row.stage is Stage.SOCKET)
    assert (row.count, row.lost, row.recent, row.percent) == (1000, 25, 5, 2.5)
    assert "25 of 1,000" in row.words
    assert "5 of them in the last minutes" in row.words
    assert "none of them lately" in rows(total, {})[3].words


def line(stage: Stage, recent: int | None) -> LossRow:
    return LossRow(stage, 100, 50, 50.0, recent, "", "")


@pytest.mark.parametrize(
    ("lines", "stage"),
    [
        ([], None),
        ([line(Stage.WIRE, None), line(Stage.SOCKET, 0)], None),
        ([line(Stage.WIRE, None), line(Stage.SOCKET, 2), line(Stage.ENGINE, 9)], Stage.SOCKET),
    ],
    ids=["nothing", "no longer", "two"],
)
def test_first_loss_is_the_first_stage_that_loses_now(
    lines: list[LossRow], stage: Stage | None
) -> None:
    assert first_loss(lines) is stage
