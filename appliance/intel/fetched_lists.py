# SPDX-License-Identifier: MIT
"""Lists fetched from the Internet, each in a file of DATA, and when each is asked for again."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance import files, shape
from appliance.formats.list_sources import ListSource, shown
from appliance.intel import download
from appliance.intel.download import AccessKey, DownloadError, DownloadWish, ServedVersion
from appliance.intel.kept_lists import FETCHED
from appliance.reports.fetch import SourceStanding

FOLDER = FETCHED
# Below it are those of the engine's rules.
RULES = "rules"
STATE = ".state.json"
DAY_S, FIRST_WAIT_S = 86400.0, 900.0
# Not all of us ask at the same moment of the day.
SPREAD = 0.1

Chance = Callable[[], float]
"""A number from 0 to 1."""


@dataclass(frozen=True, slots=True)
class FetchState:
    """What lasts of a source: what was fetched, and when it answered and changed."""

    url: str = ""
    tag: str = ""
    modified: str = ""
    answered: float = 0.0
    changed: float = 0.0


@dataclass
class FetchedList:
    """A source and its file. Times are seconds since the epoch."""

    source: ListSource
    folder: Path
    chance: Chance
    key: AccessKey | None = None
    state: FetchState = field(default_factory=FetchState)
    failures: int = 0
    trouble: str = ""
    due: float = 0.0

    def begin(self, now: float) -> None:
        """Take up what is known, and say when to ask."""
        with contextlib.suppress(OSError, ValueError):
            content = json.loads((self.folder / f"{self.source.name}{STATE}").read_bytes())
            found = shape.from_json(FetchState, content)
            # Of another address, or without its file, nothing is known.
            if found.url == self.source.url and self._file.exists():
                self.state = found
        last = self.state.answered
        # A time ahead of now is that of a clock that was wrong.
        waits = last and last <= now
        self.due = (last + self._period()) if waits else now + self.chance() * FIRST_WAIT_S / 10

    def fetch(self, tls: ssl.SSLContext, now: float) -> None:
        """Ask for it. Whatever comes, the file is the last whole one."""
        if self.source.key and self.key is None:
            self.trouble, self.due = f"it wants a key: [intel] {self.source.key}", now + DAY_S
            return
        have = ServedVersion(self.state.tag, self.state.modified)
        try:
            found = download.download(self.source.url, DownloadWish(have, key=self.key), tls)
            self._keep(found.content, found.version, now)
        except (DownloadError, OSError) as error:
            wait = error.wait_s if isinstance(error, DownloadError) else 0.0
            said = str(error) if isinstance(error, DownloadError) else error.strerror
            self.failures, self.trouble = self.failures + 1, said or "it cannot be kept"
            back_off = FIRST_WAIT_S * (1 << min(self.failures - 1, 10))
            self.due = now + max(min(back_off, DAY_S), wait) * (1 + SPREAD * self.chance())
            return
        self.failures, self.trouble, self.due = 0, "", now + self._period()

    def standing(self) -> SourceStanding:
        """Return how it stands."""
        size = 0
        with contextlib.suppress(OSError):
            size = self._file.stat().st_size
        source, state = self.source, self.state
        # One that has terms is public; in the address of another there may be a key.
        url = source.url if source.terms else shown(source.url)
        return SourceStanding(
            source.name, source.title, url, source.terms,
            state.answered, state.changed, size, self.failures, self.trouble,
        )  # fmt: skip

    @property
    def _file(self) -> Path:
        return self.folder / self.source.name

    def _keep(self, content: bytes | None, version: ServedVersion, now: float) -> None:
        changed = self.state.changed
        if content is not None and content != _read(self._file):
            files.write_durable(self._file, content, 0o640)
            changed = now
        self.state = FetchState(self.source.url, version.tag, version.modified, now, changed)
        text = json.dumps(shape.to_json(self.state))
        files.write_durable(self.folder / f"{self.source.name}{STATE}", text, 0o640)

    def _period(self) -> float:
        return DAY_S * (1 - SPREAD / 2 + SPREAD * self.chance())


def forget_others(folder: Path, sources: Sequence[ListSource]) -> None:
    """Remove the files of sources that the owner chose no more. Raises OSError."""
    kept = {name for each in sources for name in (each.name, f"{each.name}{STATE}")}
    for file in folder.iterdir():
        if file.name not in kept and file.is_file():
            files.remove(file)


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
