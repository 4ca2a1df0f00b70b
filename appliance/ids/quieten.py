# SPDX-License-Identifier: MIT
"""`glovebox quieten`: keep on DATA which rules say less, as the owner wished on the page.

The engine's configuration is made anew with the list, as with the owner's own rules. A timer comes
by now and then, so that what was quietened for a time ends.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from appliance import files, requests, service
from appliance.ids.engine import ANEW
from appliance.requests import Inbox
from appliance.ruleset import quiet
from appliance.ruleset.quiet import QuietError, QuietList, QuietWish
from appliance.service import Running

log = logging.getLogger(__name__)


def carry_out(
    inbox: Inbox[QuietWish],
    folder: Path = quiet.FOLDER,
    doors: Path = requests.RESTARTS,
    now: float | None = None,
) -> bool:
    """Grant what was asked, end what has ended; tell whether anything changed. Raises OSError."""
    before = _read(folder)
    listed = quiet.without_ended(before, time.time() if now is None else now)
    for wish in inbox.take():
        try:
            listed = quiet.changed(listed, wish)
        except QuietError as error:
            log.warning("a request is refused: %s", error)
    # After a power cut in between the engine's lines may be those of before.
    if listed == before and _lines(folder) == (quiet.text(listed) if listed.entries else ""):
        return False
    _keep(listed, folder)
    log.warning("%d rules say less, as the page wishes", len(listed.entries))
    # A request that nobody took yet is as good as ours.
    with contextlib.suppress(FileExistsError):
        requests.restart(ANEW, doors)
    return True


def _read(folder: Path) -> QuietList:
    try:
        return quiet.read(folder)
    except QuietError as error:
        log.error("%s; it begins anew", error)
        return QuietList()


def _lines(folder: Path) -> str:
    try:
        return (folder / quiet.LINES).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _keep(listed: QuietList, folder: Path) -> None:
    lines = folder / quiet.LINES
    lines.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    files.write_durable(folder / quiet.LIST, quiet.dumps(listed), 0o644)
    if listed.entries:
        files.write_durable(lines, quiet.text(listed), 0o644)
    else:
        files.remove(lines)


def main(argv: Sequence[str]) -> int:
    """Carry out what the page asks for; exit status 1 where that cannot be."""
    parser = argparse.ArgumentParser(
        prog="glovebox quieten",
        description="Have rules say less, as the page wishes; end what has ended (service).",
    )
    return service.run("quieten", parser, argv, _act, settings=False, once=True)


def _act(running: Running) -> int:
    try:
        carry_out(quiet.inbox())
    except OSError as error:
        log.error("what is quietened cannot be kept: %s", error)
        return 1
    return 0
