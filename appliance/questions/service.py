# SPDX-License-Identifier: MIT
"""`glovebox questions`: answers one question about flows, from standard input, and ends.

systemd starts it for each connection, as a user who can read the files of flows and do nothing
else, within a limit of memory and of time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import available_timezones

from appliance import service
from appliance.flowstore.checked import FILE, CheckedFiles
from appliance.flowstore.stored_files import FOLDER
from appliance.questions import door, sources
from appliance.questions.answers import UnansweredError
from appliance.questions.door import Answered, Asked
from appliance.questions.engine import FlowEngine
from appliance.service import Running

MOST_STATEMENTS = 4
TRIES = 3


def main(argv: Sequence[str]) -> int:
    """Answer; `--help` tells the options."""
    return service.run("questions", _parser(), argv, _body, settings=False, once=True)


def _body(running: Running) -> int:
    line = sys.stdin.buffer.readline(door.MOST_ASKED + 1)
    arguments = running.arguments
    sys.stdout.buffer.write(reply(line, arguments.folder, arguments.checked))
    sys.stdout.buffer.flush()
    return 0


def reply(line: bytes, folder: Path = FOLDER, checked: Path = FILE) -> bytes:
    """Return the answer to a line, or why there is none."""
    try:
        return door.answered_line(answer(door.asked_of(line), folder, CheckedFiles(checked)))
    except UnansweredError as error:
        return door.refused_line(error)


def answer(asked: Asked, folder: Path = FOLDER, checked: CheckedFiles | None = None) -> Answered:
    """Answer a question over the files of a folder. Raises UnansweredError."""
    if not 1 <= len(asked.statements) <= MOST_STATEMENTS or asked.zone not in _zones():
        raise UnansweredError("That is no question.")
    for left in reversed(range(TRIES)):
        found = sources.find(asked.begin, asked.end, folder, checked)
        try:
            with FlowEngine(found.files, asked.zone) as engine:
                answers = tuple(map(engine.ask, asked.statements))
            return Answered(answers, len(found.files), found.remark())
        except UnansweredError:
            # A day may have been joined meanwhile: then its parts are gone.
            if not left or all(each.exists() for each in found.files):
                raise
    raise UnansweredError("The files change too often.")


def _zones() -> set[str]:
    return {*available_timezones(), "UTC"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox questions",
        description="Answer one question about flows: a line of JSON in, a line of JSON out.",
    )
    add = parser.add_argument
    add("--folder", type=Path, default=FOLDER, help="files of flows (%(default)s)")
    add("--checked", type=Path, default=FILE, help="those found whole (%(default)s)")
    return parser
