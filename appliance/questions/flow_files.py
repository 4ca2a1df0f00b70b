# SPDX-License-Identifier: MIT
"""All flows of a question as a file: written some at a time, and there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from appliance.errors import GloveboxError
from appliance.flowexport import akvorado, nfdump_file
from appliance.questions import printed
from appliance.questions.engine import FlowEngine
from appliance.questions.question import Question


class ExportError(GloveboxError):
    """A file cannot be written; the message says why."""


def write_csv(engine: FlowEngine, question: Question, to: Path, as_akvorado: bool = False) -> int:
    """Write CSV with a line of names; return how many. Raises ExportError, UnansweredError."""
    sql = question.every_sql(akvorado.COLUMNS if as_akvorado else question.cut_columns())
    count = 0
    with _written(to) as stream:
        names = engine.ask(f"{sql} LIMIT 0").columns
        stream.write(printed.csv_rows([names]).encode())
        for rows in engine.stream(sql):
            stream.write(printed.csv_rows(rows).encode())
            count += len(rows)
    return count


def write_nfdump(engine: FlowEngine, question: Question, to: Path) -> int:
    """Write a file of nfdump; return how many flows. Raises ExportError, UnansweredError."""
    count = blocks = 0
    created = int(time.time())
    with _written(to) as stream:
        stream.write(nfdump_file.header(created, 0))
        for rows in engine.stream(question.every_sql(", ".join(nfdump_file.COLUMNS))):
            stream.write(nfdump_file.block(rows))
            count, blocks = count + len(rows), blocks + 1
        stream.seek(0)
        stream.write(nfdump_file.header(created, blocks))
    return count


@contextlib.contextmanager
def _written(to: Path) -> Iterator[BinaryIO]:
    """Yield a file that gets its name once it is whole and on the disk."""
    part = to.with_name(f".{to.name}.part")
    try:
        with part.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(to)
    except OSError as error:
        raise ExportError(f"{to}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
