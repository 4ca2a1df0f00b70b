# SPDX-License-Identifier: MIT
"""Lines as SiLK's programs print them, and CSV that no spreadsheet runs."""

from __future__ import annotations

from datetime import date, datetime

from appliance.questions import printed
from appliance.questions.fields import fields_of
from appliance.questions.printed import Ranking

RANKING = Ranking(fields_of("dport,proto"), "bytes", ((443, 6, 750, 3), (53, 17, 50, 9)), 20, 4,
                  1000)  # fmt: skip


def test_lines_are_rwstats() -> None:
    assert list(printed.ranked(RANKING)) == [
        "INPUT: 20 Records for 4 Bins and 1000 Total Bytes",
        "OUTPUT: Top 2 Bins by Bytes",
        "dport|proto|               Bytes|    %Bytes|   cumul_%|",
        "  443|  6|                 750| 75.000000| 75.000000|",
        "   53| 17|                  50|  5.000000| 80.000000|",
    ]


def test_flows_are_records() -> None:
    found = Ranking(fields_of("dport"), "flows", ((443, 3, 3),), 20, 4, 20, bottom=True)
    assert list(printed.ranked(found))[:2] == [
        "INPUT: 20 Records for 4 Bins", "OUTPUT: Bottom 1 Bins by Records",
    ]  # fmt: skip


def test_nothing_is_no_division_by_zero() -> None:
    assert len(list(printed.ranked(Ranking(fields_of("sip"), "bytes", ((None, None, 0),), 0, 0,
                                            0)))) == 4  # fmt: skip


def test_cells() -> None:
    assert printed.text(None) == "" and printed.text(1.5) == "1.500"
    assert printed.text(datetime(2026, 11, 30, 1, 2, 3, 4000)) == "2026-11-30 01:02:03.004"
    assert printed.text(date(2026, 11, 30)) == "2026-11-30"
    assert printed.text("a\nb\x1b[1m\u202e") == "a?b?[1m?"


def test_columns_and_counts() -> None:
    assert list(printed.columns(fields_of("dport"), [[80]])) == ["dport|", "   80|"]
    lines = list(printed.counted([[datetime(2026, 11, 30), 5, 1 << 70, 7]]))
    assert lines[1].split("|")[2].strip() == str(1 << 70)


def test_csv_runs_nothing() -> None:
    rows = [["=1+1", -5, 'a"b', "@x", None]]
    assert printed.as_csv(["a", "b", "c", "d", "e"], rows) == (
        'a,b,c,d,e\r\n\'=1+1,-5,"a""b",\'@x,\r\n'
    )
