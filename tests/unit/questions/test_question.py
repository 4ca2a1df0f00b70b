# SPDX-License-Identifier: MIT
"""Questions as SQL and as commands; periods as rwfilter counts them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.questions.fields import FIELDS, fields_of
from appliance.questions.question import FlowPeriod, Question
from tests.unit.questions.kept import counted, keep, unhurried


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("start", "end", "zone", "first", "last"),
    [
        ("2026/11/30", "", "UTC", "2026-11-30", "2026-12-01"),
        ("2026/11/30:14", "", "UTC", "2026-11-30T14:00", "2026-11-30T15:00"),
        ("2026/11/01", "2026/11/30", "UTC", "2026-11-01", "2026-12-01"),
        ("2026/11/01:05", "2026/11/02:07", "UTC", "2026-11-01T05:00", "2026-11-02T08:00"),
        ("2026-11-01T05", "2026-11-02", "UTC", "2026-11-01T05:00", "2026-11-03"),
        ("2026/11/30", "", "Europe/Berlin", "2026-11-29T23:00", "2026-11-30T23:00"),
        ("2026/3/29", "", "Europe/Berlin", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("2026/10/25", "", "Europe/Berlin", "2026-10-24T22:00", "2026-10-25T23:00"),
    ],
)
def test_periods(start: str, end: str, zone: str, first: str, last: str) -> None:
    assert FlowPeriod(start, end, zone).bounds() == (at(first), at(last))


def test_without_a_period_all_is_asked() -> None:
    assert FlowPeriod().bounds() == (0, 1 << 40) and Question().where() == "true"


@pytest.mark.parametrize(
    ("start", "end", "zone"),
    [("x", "", "UTC"), ("2026/13/01", "", "UTC"), ("", "2026/01/01", "UTC"),
     ("2026/02/02", "2026/02/01", "UTC"), ("2026/02/01:25", "", "UTC"), ("9999/12/31", "", "UTC"),
     ("2026/02/02", "", "No/Where")],
)  # fmt: skip
def test_what_is_no_period(start: str, end: str, zone: str) -> None:
    with pytest.raises(InputError):
        FlowPeriod(start, end, zone)


@pytest.mark.parametrize("change", [{"value": "x"}, {"limit": 0}, {"limit": 10_001},
                                    {"switches": (("proto", "999"),)}])  # fmt: skip
def test_what_is_no_question(change: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Question(**change)  # type: ignore[arg-type]


@pytest.mark.slow
def test_top_has_the_sums_of_what_was_kept(tmp_path: Path) -> None:
    every = keep(tmp_path)
    question = Question(fields=fields_of("proto,dport"), switches=(("type", "out"),))
    chosen = every[every["way"] == 2]
    with unhurried(sorted(tmp_path.glob("*.parquet"))) as engine:
        top, totals, bins = map(
            engine.ask, (question.top_sql(), question.totals_sql(), question.bins_sql())
        )
    expected = []
    for proto, port in ((6, 443), (17, 53)):
        those = chosen[chosen["proto"] == proto]
        expected.append((proto, port, counted(those), len(those)))
    expected.sort(key=lambda row: -row[2])
    assert list(top.rows) == expected
    assert totals.rows == ((len(chosen), counted(chosen)),) and bins.rows == ((2,),)


@pytest.mark.slow
def test_every_field_can_be_shown_and_grouped_by(tmp_path: Path) -> None:
    every = keep(tmp_path, 1)
    with unhurried(sorted(tmp_path.glob("*.parquet")), "Europe/Berlin") as engine:
        for field in FIELDS.values():
            question = Question(fields=(field,), limit=500, value="flows")
            assert len(engine.ask(question.cut_sql()).rows) == len(every), field.name
            rows = engine.ask(question.top_sql()).rows
            assert sum(row[1] for row in rows) == len(every), field.name
            assert len({row[0] for row in rows}) == len(rows) == engine.ask(
                question.bins_sql()).rows[0][0]  # fmt: skip


@pytest.mark.slow
def test_least_first_and_at_least(tmp_path: Path) -> None:
    keep(tmp_path)
    with unhurried(sorted(tmp_path.glob("*.parquet"))) as engine:
        values = [row[1] for row in engine.ask(Question(bottom=True).top_sql()).rows]
        assert values == sorted(values)
        least = engine.ask(Question(minimum=10**7, limit=1000).top_sql()).rows
        assert least and min(row[1] for row in least) >= 10**7


@pytest.mark.slow
def test_bins_of_time_add_up(tmp_path: Path) -> None:
    every = keep(tmp_path)
    with unhurried(sorted(tmp_path.glob("*.parquet"))) as engine:
        rows = engine.ask(Question().count_sql(3600)).rows
    assert [row[1] for row in rows] == [300, 300, 300]
    assert sum(row[2] for row in rows) == counted(every)
    with pytest.raises(InputError):
        Question().count_sql(0)


def test_the_command_asks_the_same() -> None:
    question = Question(
        FlowPeriod("2026/11/01", "2026/11/30", "Europe/Berlin"),
        (("proto", "6"), ("any-address", "10.0.0.0/8")), fields_of("host,dport"), "packets", 5, 7,
    )  # fmt: skip
    assert question.command() == (
        "glovebox flows filter --start-date=2026/11/01 --end-date=2026/11/30 --zone=Europe/Berlin"
        " --proto=6 --any-address=10.0.0.0/8 top --fields=host,dport --values=packets --count=7"
        " --minimum=5"
    )
