# SPDX-License-Identifier: MIT
"""DuckDB over the files of flows: one connection a question, in memory, locked, within bounds.

Beyond the files it is given it opens nothing: no other file, no database, no extension, no setting.
It cannot write either, as the user that it runs as cannot; and here one statement is allowed, that
must be a SELECT.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from appliance.errors import InputError
from appliance.flowexport import akvorado
from appliance.questions.address_sets import SetColumns
from appliance.questions.answers import NARROW, FlowAnswer, UnansweredError

MEMORY, SECONDS = "96MB", 25.0
MOST_ROWS, MOST_BYTES = 10_000, 4 << 20
AT_ONCE = 4096

# Groups of an IPv6 address as RFC 5952 wants them; the longest run of zeros becomes "::".
_GROUPS = " || ':' || ".join(
    f"lower(to_hex({half} >> {shift} & 65535))" for half in ("h", "l") for shift in (48, 32, 16, 0)
)
_SHORT = "CASE {} ELSE groups END".format(
    " ".join(
        rf"WHEN regexp_matches(groups, '(^|:)0(:0){{{run}}}(:|$)')"
        rf" THEN regexp_replace(groups, '(^|:)0(:0){{{run}}}(:|$)', '::')"
        for run in range(7, 0, -1)
    )
)
_FOUR = " || '.' || ".join(f"(l >> {shift} & 255)" for shift in (24, 16, 8, 0))
MACROS = (
    f"CREATE MACRO short(groups) AS {_SHORT}",
    f"CREATE MACRO address(h, l) AS CASE WHEN h = 0 AND l >> 32 = 65535 THEN {_FOUR}"
    f" WHEN h = 0 AND l = 0 THEN '' ELSE short({_GROUPS}) END",
)
# What an exporter counted stands in the files as it was; questions are about what was sent.
VIEW = (
    "SELECT * REPLACE (CASE WHEN sampling > 1 THEN bytes::HUGEINT * sampling ELSE bytes END AS"
    " bytes, CASE WHEN sampling > 1 THEN packets::HUGEINT * sampling ELSE packets END AS packets),"
    " address(src_hi, src_lo) AS src, address(dst_hi, dst_lo) AS dst,"
    " first + to_milliseconds(duration) AS last, CASE way WHEN 'in' THEN scc ELSE dcc END AS"
    " country FROM {}"
)
# Where no file is, questions are answered all the same: by none.
NONE = (
    "(SELECT NULL::TIMESTAMP AS first, 0::UINTEGER AS duration, 0::UBIGINT AS src_hi, 0::UBIGINT"
    " AS src_lo, 0::UBIGINT AS dst_hi, 0::UBIGINT AS dst_lo, 0::USMALLINT AS sport, 0::USMALLINT AS"
    " dport, 0::UTINYINT AS proto, 0::UBIGINT AS bytes, 0::UBIGINT AS packets, 0::UTINYINT AS"
    " flags,"
    " 0::UTINYINT AS tos, '' AS way, 0::UBIGINT AS nat_src_hi, 0::UBIGINT AS nat_src_lo,"
    " 0::UBIGINT AS nat_dst_hi, 0::UBIGINT AS nat_dst_lo, 0::USMALLINT AS nat_sport, 0::USMALLINT"
    " AS nat_dport, 0::UINTEGER AS in_if, 0::UINTEGER AS out_if, 0::UINTEGER AS sampling,"
    " 0::UBIGINT AS exporter_hi, 0::UBIGINT AS exporter_lo, '' AS scc, '' AS dcc WHERE false)"
)


class FlowEngine:
    """One connection over some files, open until the block ends. Raises UnansweredError.

    All that is asked of it takes `seconds` together at most, from the first question on.
    """

    def __init__(
        self,
        files: Sequence[Path],
        zone: str = "UTC",
        sets: Mapping[str, SetColumns] | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._seconds, self._until = seconds, float("inf")
        with _explained():
            self._connection = duckdb.connect(":memory:", config={"threads": 1})
            self._prepare(files, zone, sets or {})

    def __enter__(self) -> FlowEngine:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def ask(self, sql: str, most: int = MOST_ROWS) -> FlowAnswer:
        """Answer one SELECT. Raises UnansweredError."""
        with _explained(self._seconds):
            statements = self._connection.extract_statements(sql)
            if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
                raise UnansweredError("One SELECT is answered, and nothing else.")
            with self._within():
                found = self._connection.execute(statements[0])
                names = tuple(str(each[0]) for each in found.description or ())
                return FlowAnswer(names, *_some(found, most))

    def stream(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a SELECT of ours, some at a time, however many. Raises UnansweredError.

        Each part has the time of a question for itself.
        """
        with _explained(self._seconds):
            found = self._connection.execute(sql)
        while True:
            self._until = float("inf")
            with _explained(self._seconds), self._within():
                part = found.fetchmany(AT_ONCE)
            if not part:
                return
            yield part

    def _prepare(self, files: Sequence[Path], zone: str, sets: Mapping[str, SetColumns]) -> None:
        run = self._connection.execute
        run(f"SET memory_limit = '{MEMORY}'")
        run("SET max_temp_directory_size = '0MB'")
        run("SET autoinstall_known_extensions = false")
        run("SET autoload_known_extensions = false")
        run("SET python_enable_replacements = false")
        names = ", ".join(_text(str(each)) for each in files)
        for macro in (*MACROS, f"CREATE MACRO local(t) AS timezone({_text(zone)},"
                               " timezone('UTC', t))"):  # fmt: skip
            run(macro)
        for name, found in sets.items():
            arrays = {"hi": found.high, "lo": found.low, "bits": found.bits}
            self._connection.register("given", arrays)
            run(f"CREATE TEMP TABLE {name} AS SELECT * FROM given")
            self._connection.unregister("given")
        run(f"SET allowed_paths = [{names}]")
        run("SET enable_external_access = false")
        source = NONE
        if files:
            # Files of older images lack what came later: the columns of none stand in for that.
            every = f"SELECT * FROM read_parquet([{names}], union_by_name = true)"
            source = f"({every} UNION ALL BY NAME SELECT * FROM {NONE})"
        run(f"CREATE TEMP VIEW flows AS {VIEW.format(source)}")
        run(f"CREATE TEMP VIEW akvorado AS {akvorado.VIEW}")
        run("SET lock_configuration = true")

    @contextlib.contextmanager
    def _within(self) -> Iterator[None]:
        now = time.monotonic()
        self._until = min(self._until, now + self._seconds)
        if now >= self._until:
            raise duckdb.InterruptException
        timer = threading.Timer(self._until - now, self._connection.interrupt)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _some(found: Any, most: int) -> tuple[tuple[tuple[Any, ...], ...], bool]:
    """Return rows, and whether there are more: within a number, and within bytes."""
    rows: list[tuple[Any, ...]] = []
    size = 0
    while part := found.fetchmany(256):
        for row in part:
            size += sum(len(each) if isinstance(each, (str, bytes)) else 8 for each in row)
            if len(rows) >= most or size > MOST_BYTES:
                return tuple(rows), True
            rows.append(row)
    return tuple(rows), False


@contextlib.contextmanager
def _explained(seconds: float = SECONDS) -> Iterator[None]:
    """Say in words what stood in the way; `seconds` are those that there were."""
    try:
        yield
    except duckdb.InterruptException:
        raise UnansweredError(f"That took more than {seconds:g} s. {NARROW}") from None
    except (duckdb.OutOfMemoryException, MemoryError):
        raise UnansweredError(f"That needs more memory than there is for it. {NARROW}") from None
    except duckdb.PermissionException as error:
        raise UnansweredError(f"That is not allowed: {_first_line(error)}") from None
    except (duckdb.Error, InputError, RuntimeError, ImportError) as error:
        raise UnansweredError(_first_line(error)) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
