# SPDX-License-Identifier: MIT
"""OTX as a list: a page at a time, smaller ones where the server is too slow, and the export.

The server answers 504 to large pages, for days at times: pages get smaller, a round goes on where
it stood, and after three days without an end the export is asked instead, which does not tell whose
pulse an indicator is. The last list stays in force all the while.
"""

from __future__ import annotations

import contextlib
import ssl
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urljoin

from appliance.errors import DecodeError
from appliance.formats.list_sources import ListSource
from appliance.intel import download
from appliance.intel.download import (
    AccessKey,
    DownloadError,
    DownloadWish,
    LargerError,
    SlowError,
    StatusError,
)
from appliance.intel.fetched_lists import DAY_S, FIRST_WAIT_S, SPREAD, Chance
from appliance.intel.otx.pulse_pages import KINDS, PulsePage, pulse_of, read_page
from appliance.intel.otx.pulse_round import (
    LARGEST,
    MOST_PAGES,
    MOST_WAITING,
    PulseRound,
    PulseState,
    RoundFiles,
)
from appliance.reports.fetch import SourceStanding

HEADER = "X-OTX-API-KEY"
# Results of a page; each is a multiple of the next, so that a place is one of smaller pages, too.
SIZES, EXPORT_SIZES, OF_PULSE = (20, 10, 5, 1), (1000, 200, 50), 500
LARGEST_PAGE = 4 << 20
PAUSE_S, STEP_S = 2.0, 60.0
# What a server answers that has too much to do.
TOO_MUCH = (500, 502, 503, 504, 524)
# Clocks differ: so much is asked for twice.
OVERLAP_S = 3600.0
# A round through all pulses tells what was withdrawn; one that stands so long is begun anew.
WHOLE_S, STALE_S, EXPORT_AFTER_S = 7 * DAY_S, 2 * DAY_S, 3 * DAY_S

NO_KEY = "it wants a key: [intel] otx_key"
BY_EXPORT = "for days no pulses came: names and addresses are taken without them"


@dataclass
class PulseFeed:
    """OTX, to be asked with a key. Times are seconds since the epoch."""

    source: ListSource
    folder: Path
    chance: Chance
    key: str = field(default="", repr=False)
    state: PulseState = field(default_factory=PulseState)
    failures: int = 0
    trouble: str = ""
    due: float = 0.0

    def begin(self, now: float) -> None:
        """Take up what is known, and say when to ask."""
        self.state = self._files.read(self.source.url)
        last = self.state.answered
        waits = last and last <= now and self.state.round is None
        self.due = (last + self._period()) if waits else now + self.chance() * FIRST_WAIT_S / 10

    def fetch(self, tls: ssl.SSLContext, now: float) -> None:
        """Ask for a page. Whatever comes, the file is the last whole list."""
        if not self.key:
            self.trouble, self.due = NO_KEY, now + DAY_S
            return
        at = self._round(now)
        try:
            self._take(at, self._page(at, tls), now)
        except (DownloadError, DecodeError, OSError) as error:
            try:
                self._failed(at, error, now)
            except OSError as full:
                self.trouble, self.due = _words(full), now + FIRST_WAIT_S

    def standing(self) -> SourceStanding:
        """Return how it stands."""
        size = 0
        with contextlib.suppress(OSError):
            size = self._files.list_file.stat().st_size
        source, state = self.source, self.state
        return SourceStanding(
            source.name, source.title, source.url, source.terms,
            state.answered, state.changed, size, self.failures, self.trouble,
        )  # fmt: skip

    @property
    def _files(self) -> RoundFiles:
        return RoundFiles(self.folder / self.source.name)

    def _round(self, now: float) -> PulseRound:
        """Return the round that stands, or a new one."""
        state, at = self.state, self.state.round
        export = bool(state.failing) and now - state.failing > EXPORT_AFTER_S
        is_young = at is not None and 0 <= now - at.began < STALE_S
        if at and is_young and at.export == export and self._files.holds(at):
            return at
        # All of them now and then, and where the clock ran backwards.
        whole = export or not state.last or not 0 <= now - state.whole < WHOLE_S
        since = "" if whole else _utc(state.last - OVERLAP_S)
        return PulseRound(now, export, since)

    def _page(self, at: PulseRound, tls: ssl.SSLContext) -> PulsePage:
        """Ask for the next page. Raises DownloadError, DecodeError."""
        wanted = DownloadWish(largest=LARGEST_PAGE, key=AccessKey(self.key, header=HEADER))
        content = download.download(self._address(at), wanted, tls, STEP_S).content or b""
        return read_page(content, at.waiting[0].encode()) if at.waiting else read_page(content)

    def _address(self, at: PulseRound) -> str:
        size = _size(at)
        asked = {"limit": str(size), "page": str(at.place // size + 1)}
        if at.waiting:
            pulse = (pulse_of(at.waiting[0].encode()) or b"").decode()
            asked = {"limit": str(OF_PULSE), "page": str(at.page)}
            return urljoin(self.source.url, f"{pulse}/indicators?{urlencode(asked)}")
        if at.export:
            asked["types"] = ",".join(KINDS)
            return urljoin(self.source.url, f"../indicators/export?{urlencode(asked)}")
        if at.since:
            asked["modified_since"] = at.since
        return f"{self.source.url}?{urlencode(asked)}"

    def _take(self, at: PulseRound, page: PulsePage, now: float) -> None:
        """Keep a page, and go on or come to the end. Raises OSError."""
        at = _behind(self._files.add(at, page), page)
        full = at.size > LARGEST or at.place > MOST_PAGES * _sizes(at)[0]
        if full or (at.through and not at.waiting):
            self._finish(at, now)
        else:
            self._go_on(at, now)

    def _go_on(self, at: PulseRound, now: float) -> None:
        self.state = replace(self.state, round=at)
        self._files.keep(self.state)
        self.due = now + PAUSE_S

    def _finish(self, at: PulseRound, now: float) -> None:
        """Put the list in its place, and rest for a day. Raises OSError."""
        changed = now if self._files.finish(at) else self.state.changed
        self.state = PulseState(
            self.source.url, now, changed,
            self.state.whole if at.since or at.export else at.began,
            self.state.last if at.export else at.began,
            # Pulses are tried again tomorrow.
            now - EXPORT_AFTER_S + 1.5 * DAY_S if at.export else 0.0,
        )  # fmt: skip
        self._files.keep(self.state)
        self._files.clear()
        self.failures, self.trouble = 0, BY_EXPORT if at.export else ""
        self.due = now + self._period()

    def _failed(self, at: PulseRound, error: Exception, now: float) -> None:
        """Ask for less, leave out what cannot be had, or wait. Raises OSError."""
        self.trouble = _words(error)
        further = _without(at, error)
        if further is not None and further.through and not further.waiting:
            self._finish(further, now)
            return
        failing = self.state.failing if 0 < self.state.failing <= now else now
        self.state = replace(self.state, failing=failing)
        if further is not None:
            self._go_on(further, now)
            return
        self._files.keep(replace(self.state, round=at))
        self.failures += 1
        wait = error.wait_s if isinstance(error, DownloadError) else 0.0
        back_off = min(FIRST_WAIT_S * (1 << min(self.failures - 1, 10)), DAY_S)
        self.due = now + max(back_off, wait) * (1 + SPREAD * self.chance())

    def _period(self) -> float:
        return DAY_S * (1 - SPREAD / 2 + SPREAD * self.chance())


def _sizes(at: PulseRound) -> tuple[int, ...]:
    return EXPORT_SIZES if at.export else SIZES


def _size(at: PulseRound) -> int:
    return _sizes(at)[min(at.step, len(_sizes(at)) - 1)]


def _behind(at: PulseRound, page: PulsePage) -> PulseRound:
    """Return where a round stands behind a page."""
    if at.waiting:
        is_last = page.last or at.page >= MOST_WAITING
        return _next_waiting(at) if is_last else replace(at, page=at.page + 1)
    place, count = at.place + _size(at), max(page.count, 0)
    return replace(
        at, place=place, count=count, through=page.last, waiting=page.more[:MOST_WAITING]
    )


def _next_waiting(at: PulseRound) -> PulseRound:
    return replace(at, waiting=at.waiting[1:], page=1)


def _without(at: PulseRound, error: Exception) -> PulseRound | None:
    """Return how a round goes on after an error; None where only waiting helps."""
    status = error.status if isinstance(error, StatusError) else 0
    if at.waiting:
        return _next_waiting(at) if status == 404 or isinstance(error, LargerError) else None
    if status == 404 and at.place:
        # There is no such page: the list got shorter meanwhile.
        return replace(at, through=True)
    if not (isinstance(error, LargerError | SlowError) or status in TOO_MUCH):
        return None
    if at.step < len(_sizes(at)) - 1:
        return replace(at, step=at.step + 1)
    return replace(at, place=at.place + _size(at)) if isinstance(error, LargerError) else None


def _words(error: Exception) -> str:
    if isinstance(error, StatusError) and error.status in (401, 403):
        return f"{error}: is the key right?"
    if isinstance(error, OSError):
        return error.strerror or "it cannot be kept"
    return str(error)


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(max(moment, 0.0), UTC).isoformat()[:19]
