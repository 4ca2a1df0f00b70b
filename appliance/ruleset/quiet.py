# SPDX-License-Identifier: MIT
"""Rules that the owner quietened on the page: which, for whom, until when. Pure but for reading.

The list is kept on DATA by `glovebox quieten`, which also writes it as lines that both engines take
(`filters`), into a folder that is read like the owner's own.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from appliance import shape
from appliance.errors import GloveboxError
from appliance.formats import plain_address
from appliance.formats.indicators import GENERATOR
from appliance.requests import Inbox

FOLDER = Path(os.environ.get("GLOVEBOX_QUIET_DIRECTORY", "/var/lib/glovebox/quiet"))
LIST, LINES = "list.json", Path("rules/quieted.rules")
REQUESTS = Path(os.environ.get("GLOVEBOX_QUIET_REQUESTS", "/run/glovebox-quieten"))
MOST = 200
LARGEST_FILE = 1 << 17
LARGEST_NUMBER = (1 << 32) - 1
ALL, SOURCE, TARGET, HOURLY = "all", "by_src", "by_dst", "hourly"
WAYS = (ALL, SOURCE, TARGET, HOURLY)
HOUR_S = 3600
_PRINTABLE = re.compile(r"[^\x20-\x7e]")


class QuietError(GloveboxError):
    """What is asked for cannot be; the message says why."""


@dataclass(frozen=True, slots=True)
class Quieted:
    """One rule that says less: `way` is one of WAYS, `address` whose alerts are meant.

    HOURLY: one alert an hour from each source. `until` and `made` in seconds since the epoch;
    `until` 0: for good.
    """

    gid: int
    sid: int
    way: str
    address: str = ""
    until: float = 0.0
    made: float = 0.0

    @property
    def subject(self) -> tuple[object, ...]:
        """Return what two of them may not share."""
        return self.gid, self.sid, self.way, self.address

    @property
    def line(self) -> str:
        """Return the line for the engine."""
        rule = f"gen_id {self.gid}, sig_id {self.sid}"
        if self.way == HOURLY:
            return f"event_filter {rule}, type limit, track by_src, count 1, seconds {HOUR_S}"
        if self.way == ALL:
            return f"suppress {rule}"
        return f"suppress {rule}, track {self.way}, ip {self.address}"

    @property
    def words(self) -> str:
        """Say what is quietened."""
        if self.way == HOURLY:
            return "one alert an hour from each source"
        ends = {ALL: "no alert", SOURCE: f"none from {self.address}"}
        return ends.get(self.way, f"none to {self.address}")

    def has_ended(self, now: float) -> bool:
        """Whether its time is over."""
        return 0.0 < self.until <= now

    def hides(self, alerts: Sequence[tuple[int, int, str, str, float]]) -> int:
        """Return how many of these it would have hidden.

        Each is gid, sid, source, target and seconds since the epoch, the oldest first.
        """
        mine = [each for each in alerts if each[:2] == (self.gid, self.sid)]
        if self.way == HOURLY:
            return _beyond_hourly(mine)
        if self.way == ALL:
            return len(mine)
        ends = (source if self.way == SOURCE else target for _, _, source, target, _ in mine)
        return sum(end.removeprefix("::ffff:") == self.address for end in ends)


@dataclass(frozen=True, slots=True)
class QuietWish:
    """What the page asks: to quieten a rule, or (`lift`) to let it speak again."""

    what: Quieted
    lift: bool = False


@dataclass(frozen=True, slots=True)
class QuietList:
    """All that is quietened, the oldest first."""

    entries: tuple[Quieted, ...] = field(default=())


def inbox(folder: Path = REQUESTS) -> Inbox[QuietWish]:
    """Return the inbox of `glovebox quieten`."""
    return Inbox(folder, QuietWish)


def checked(wanted: Quieted) -> Quieted:
    """Return it with its address in the usual form. Raises QuietError where it cannot be."""
    if not (1 <= wanted.gid <= LARGEST_NUMBER and 1 <= wanted.sid <= LARGEST_NUMBER):
        raise QuietError("there is no such rule")
    if wanted.gid == GENERATOR:
        raise QuietError("lists speak here, and not the engine: allow the entry under Intelligence")
    if wanted.way not in WAYS:
        raise QuietError(f"expected one of {', '.join(WAYS)}")
    if wanted.way in (ALL, HOURLY):
        return replace(wanted, address="")
    found = plain_address.read(wanted.address.strip())
    if found is None:
        raise QuietError(f"'{_PRINTABLE.sub('?', wanted.address)[:40]}' is no address")
    return replace(wanted, address=str(found))


def changed(now: QuietList, wish: QuietWish) -> QuietList:
    """Return the list with a wish granted. Raises QuietError."""
    wanted = checked(wish.what)
    others = tuple(each for each in now.entries if each.subject != wanted.subject)
    if wish.lift:
        return QuietList(others)
    if len(others) >= MOST:
        raise QuietError(f"{MOST} are quietened already; let one of them speak again first")
    return QuietList((*others, wanted))


def without_ended(now: QuietList, moment: float) -> QuietList:
    """Return the list without what has ended at a moment."""
    return QuietList(tuple(each for each in now.entries if not each.has_ended(moment)))


def text(listed: QuietList) -> str:
    """Return the file of lines for the engine."""
    head = "# Written by Glovebox: what was quietened on the page.\n"
    return head + "".join(f"{each.line}\n" for each in listed.entries)


def dumps(listed: QuietList) -> str:
    """Return the list as it is kept."""
    return json.dumps(shape.to_json(listed), indent=1) + "\n"


def read(folder: Path = FOLDER) -> QuietList:
    """Return what is quietened; nothing where there is no list. Raises OSError, QuietError."""
    try:
        with (folder / LIST).open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return QuietList()
    try:
        if len(content) > LARGEST_FILE:
            raise ValueError("it is too large")
        found = shape.from_json(QuietList, json.loads(content))
        return QuietList(tuple(map(checked, found.entries[:MOST])))
    except (ValueError, RecursionError, QuietError) as error:
        raise QuietError(f"the list of what is quietened cannot be read: {error}") from error


def _beyond_hourly(alerts: Iterable[tuple[int, int, str, str, float]]) -> int:
    begun: dict[str, float] = {}
    hidden = 0
    for _, _, source, _, time in alerts:
        if source in begun and 0 <= time - begun[source] < HOUR_S:
            hidden += 1
        else:
            begun[source] = time
    return hidden
