# SPDX-License-Identifier: MIT
"""A question about flows: as SQL, and as the words of the command that asks the same. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from appliance.errors import InputError
from appliance.questions import conditions
from appliance.questions.conditions import SWITCHES
from appliance.questions.fields import FIELDS, AskedField

VALUES: Mapping[str, str] = {"bytes": "sum(bytes)", "packets": "sum(packets)", "flows": "count(*)"}
MOST_GROUPED, MOST_LINES = 3, 10_000
SHOWN = ("sip", "dip", "sport", "dport", "proto", "packets", "bytes", "flags", "stime", "duration")


@dataclass(frozen=True)
class FlowPeriod:
    """From a moment to before another, in seconds since the epoch; `begin` and `end` as written."""

    start: str = ""
    end: str = ""
    zone: str = "UTC"

    def __post_init__(self) -> None:
        first, last = self.bounds()
        if last <= first:
            raise InputError("the end is before the start")

    def bounds(self) -> tuple[int, int]:
        """Return both as seconds since the epoch, as rwfilter counts whole hours and days.

        Raises InputError.
        """
        if not self.start:
            if self.end:
                raise InputError("an end needs a start")
            return 0, 1 << 40
        first, has_hour = _moment(self.start, self.zone)
        last, ends_with_hour = _moment(self.end or self.start, self.zone)
        step = timedelta(hours=1) if ends_with_hour or (has_hour and not self.end) else None
        if step is None:
            following = (last + timedelta(days=1, hours=12)).date()
            return int(first.timestamp()), int(_midnight(following, self.zone).timestamp())
        return int(first.timestamp()), int((last.astimezone(UTC) + step).timestamp())


def _moment(text: str, zone: str) -> tuple[datetime, bool]:
    match = re.fullmatch(
        r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?:[:T](\d{1,2}))?", text.strip(), re.ASCII
    )
    try:
        if match is None:
            raise ValueError
        year, month, day, hour = (int(each or 0) for each in match.groups())
        if not 1970 <= year < 9999:
            raise ValueError
        return datetime(year, month, day, hour, tzinfo=ZoneInfo(zone)), match[4] is not None
    except KeyError:
        raise InputError(f"{zone[:40]!r}: no time zone") from None
    except (ValueError, OverflowError):
        raise InputError(f"{text[:20]!r}: expected a day or an hour, like 2026/11/30:14") from None


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))


@dataclass(frozen=True)
class Question:
    """Which flows, and what of them. `switches` are pairs of a name and what it takes.

    `sets` are the tables by which the engine knows sets: `NAME:BITS,BITS` for each switch with one.
    """

    period: FlowPeriod = FlowPeriod()
    switches: tuple[tuple[str, str], ...] = ()
    fields: tuple[AskedField, ...] = (FIELDS["sip"],)
    value: str = "bytes"
    minimum: int = 0
    limit: int = 10
    bottom: bool = False
    sets: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.value not in VALUES:
            raise InputError(f"a value is one of {', '.join(VALUES)}")
        if not 1 <= self.limit <= MOST_LINES:
            raise InputError(f"1 to {MOST_LINES:,} lines")
        self.where()

    def where(self) -> str:
        """Return the conditions in SQL. Raises InputError."""
        known = dict(self.sets)
        found = [conditions.condition(name, known.get(name, text)) for name, text in self.switches
                 if not SWITCHES[name].is_set or name in known]  # fmt: skip
        first, last = self.period.bounds()
        if self.period.start:
            found.insert(0, f"first >= {_timestamp(first)} AND first < {_timestamp(last)}")
        return " AND ".join(found) or "true"

    def top_sql(self) -> str:
        """Return the SQL of the bins with the most, or the least, of the value."""
        if not 1 <= len(self.fields) <= MOST_GROUPED:
            raise InputError(f"group by 1 to {MOST_GROUPED} fields")
        columns = [(column, f"k{place}") for place, column in enumerate(
            column for field in self.fields for column in field.columns)]  # fmt: skip
        keys = ", ".join(f"{column} AS {name}" for column, name in columns)
        ties = ", ".join(name for _, name in columns)
        names = iter(name for _, name in columns)
        shown = ", ".join(f'{_shown(field, [next(names) for _ in field.columns])} AS "{field.name}"'
                          for field in self.fields)  # fmt: skip
        having = f" HAVING value >= {self.minimum}" if self.minimum else ""
        order = "ASC" if self.bottom else "DESC"
        return (
            f'SELECT {shown}, value AS "{self.value}", records FROM (SELECT {keys},'
            f" {VALUES[self.value]} AS value, count(*) AS records FROM flows WHERE {self.where()}"
            f" GROUP BY ALL{having} ORDER BY value {order}, {ties} LIMIT {self.limit})"
        )

    def totals_sql(self) -> str:
        """Return the SQL of all flows together: how many, and the value."""
        return f"SELECT count(*), {VALUES[self.value]} FROM flows WHERE {self.where()}"

    def bins_sql(self) -> str:
        """Return the SQL that counts the bins."""
        keys = ", ".join(column for field in self.fields for column in field.columns)
        return f"SELECT count(*) FROM (SELECT {keys} FROM flows WHERE {self.where()} GROUP BY ALL)"

    def cut_sql(self) -> str:
        """Return the SQL of the flows themselves, in the order of time."""
        return f"{self.every_sql(self.cut_columns())} ORDER BY first LIMIT {self.limit}"

    def cut_columns(self) -> str:
        """Return the columns of the fields, in SQL."""
        return ", ".join(f'{_shown(field, field.columns)} AS "{field.name}"'
                         for field in self.fields)  # fmt: skip

    def every_sql(self, columns: str) -> str:
        """Return the SQL of all flows themselves, as they lie; `columns` are ours, in SQL."""
        return f"SELECT {columns} FROM flows WHERE {self.where()}"

    def count_sql(self, seconds: int) -> str:
        """Return the SQL of flows, bytes and packets by time, where each flow began."""
        if not 1 <= seconds <= 86_400 * 31:
            raise InputError("a bin is 1 s to 31 days long")
        return (
            f"SELECT time_bucket(to_seconds({seconds}), local(first)) AS stime,"
            " count(*) AS records, sum(bytes) AS bytes, sum(packets) AS packets FROM flows"
            f" WHERE {self.where()} GROUP BY ALL ORDER BY ALL LIMIT {MOST_LINES}"
        )

    def command(self) -> str:
        """Return the command that asks the same of the same files."""
        words = ["glovebox", "flows", "filter"]
        if self.period.start:
            words.append(f"--start-date={self.period.start}")
        if self.period.end:
            words.append(f"--end-date={self.period.end}")
        if self.period.zone != "UTC":
            words.append(f"--zone={self.period.zone}")
        words += [f"--{name}={text}" for name, text in self.switches]
        words += ["top", f"--fields={','.join(each.name for each in self.fields)}",
                  f"--values={self.value}", f"--count={self.limit}"]  # fmt: skip
        words += ["--bottom"] if self.bottom else []
        words += [f"--minimum={self.minimum}"] if self.minimum else []
        return shlex.join(words)


def day_of(seconds: float, zone: str) -> str:
    """Return a moment's day as questions write it, in a zone."""
    return f"{datetime.fromtimestamp(seconds, ZoneInfo(zone)):%Y/%m/%d}"


def _shown(field: AskedField, columns: Sequence[str]) -> str:
    return field.shown.format(*columns)


def _timestamp(seconds: int) -> str:
    return f"TIMESTAMP '{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}'"
