# SPDX-License-Identifier: MIT
"""Answers as text: as rwstats(1), rwcut(1) and rwcount(1) of SiLK print them, and CSV. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from appliance.questions.answers import FlowAnswer
from appliance.questions.fields import AskedField
from appliance.questions.question import Question

VALUE_WIDTH, SHARE_WIDTH = 20, 10
# What spreadsheets would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Ranking:
    """Bins with the most of a value, beside all that were looked at. A row ends in the value."""

    fields: tuple[AskedField, ...]
    value: str
    rows: tuple[tuple[Any, ...], ...]
    records: int
    bins: int
    total: int
    bottom: bool = False

    def shares(self) -> Iterator[tuple[tuple[Any, ...], int, float, float]]:
        """Yield the key of each bin, its value, per cent of all, and of all down to it."""
        together = 0
        for row in self.rows:
            value = int(row[len(self.fields)] or 0)
            together += value
            whole = self.total or 1
            yield row[: len(self.fields)], value, 100 * value / whole, 100 * together / whole


def ranking(question: Question, answers: Sequence[FlowAnswer]) -> Ranking:
    """Return what the three statements of a question came to: bins, all flows, how many bins."""
    top, totals, bins = answers
    records, total = totals.rows[0]
    return Ranking(question.fields, question.value, top.rows, int(records or 0),
                   int(bins.rows[0][0]), int(total or 0), question.bottom)  # fmt: skip


def text(value: Any) -> str:
    """Write a value as a cell: nothing for NULL, times to the second, no line breaks."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.3f}"
    return "".join(each if each.isprintable() else "?" for each in str(value))


def ranked(found: Ranking) -> Iterator[str]:
    """Yield rwstats' lines."""
    unit = "Records" if found.value == "flows" else found.value.capitalize()
    total = "" if found.value == "flows" else f" and {found.total} Total {unit}"
    end = "Bottom" if found.bottom else "Top"
    yield f"INPUT: {found.records} Records for {found.bins} Bins{total}"
    yield f"OUTPUT: {end} {len(found.rows)} Bins by {unit}"
    titles = [f"{each.name:>{each.width}}" for each in found.fields]
    share = f"%{unit}"
    yield "|".join([*titles, f"{unit:>{VALUE_WIDTH}}", f"{share:>{SHARE_WIDTH}}",
                    f"{'cumul_%':>{SHARE_WIDTH}}", ""])  # fmt: skip
    for key, value, per_cent, cumulative in found.shares():
        cells = [f"{text(cell):>{field.width}}"
                 for field, cell in zip(found.fields, key, strict=True)]  # fmt: skip
        yield "|".join([*cells, f"{value:>{VALUE_WIDTH}}", f"{per_cent:>{SHARE_WIDTH}.6f}",
                        f"{cumulative:>{SHARE_WIDTH}.6f}", ""])  # fmt: skip


def columns(fields: Sequence[AskedField], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield rwcut's lines."""
    yield "|".join([f"{each.name:>{each.width}}" for each in fields] + [""])
    for row in rows:
        cells = [f"{text(cell):>{each.width}}" for each, cell in zip(fields, row, strict=True)]
        yield "|".join([*cells, ""])


def counted(rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield rwcount's lines."""
    yield f"{'Date':>19}|{'Records':>19}|{'Bytes':>20}|{'Packets':>19}|"
    for moment, records, octets, packets in rows:
        yield f"{text(moment):>19}|{records:>19}|{text(octets):>20}|{text(packets):>19}|"


def as_csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return CSV (RFC 4180), with a line of names."""
    return csv_rows([names, *rows])


def csv_rows(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows of CSV (RFC 4180)."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerows([_cell(each) for each in row] for row in rows)
    return stream.getvalue()


def _cell(value: Any) -> str:
    found = text(value)
    is_number = isinstance(value, int | float)
    return f"'{found}" if found.startswith(_FORMULA) and not is_number else found
