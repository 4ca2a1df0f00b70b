# SPDX-License-Identifier: MIT
"""A round through all pages, which goes on where a power cut or a bad answer left it.

What came lies in a file of its own on DATA, with its place beside it; the list itself is replaced
once the round is through. A round that asks for all pulses tells which were withdrawn; one that
asks for those changed since the last round leaves the others as they are.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from appliance import files, shape
from appliance.intel.otx.pulse_pages import PulsePage, pulse_of

STATE, ROUNDS = ".state.json", "rounds"
# Of a list the newest pulses; the reader of lists takes 32 MB.
LARGEST = 30 << 20
MOST_PAGES, MOST_WAITING = 3000, 100


@dataclass(frozen=True, slots=True)
class PulseRound:
    """Where a round stands: `place` results were taken, which are `size` bytes of its file.

    `through`: the last page came. `export`: by the export, without pulses. `since` is empty where
    all are asked for. `step` says how small the pages are. `waiting` are the first lines of pulses
    of which more indicators are to be asked for, `page` of the first of them is the next.
    """

    began: float
    export: bool = False
    since: str = ""
    step: int = 0
    place: int = 0
    size: int = 0
    count: int = 0
    through: bool = False
    waiting: tuple[str, ...] = ()
    page: int = 1


@dataclass(frozen=True, slots=True)
class PulseState:
    """What lasts between rounds: when one was through, when the list changed, and the round itself.

    `whole` is when a round through all pulses began, `last` when any did, `failing` since when
    none has come to its end.
    """

    url: str = ""
    answered: float = 0.0
    changed: float = 0.0
    whole: float = 0.0
    last: float = 0.0
    failing: float = 0.0
    round: PulseRound | None = None


@dataclass
class RoundFiles:
    """The file of a list, and those of a round in a folder below."""

    list_file: Path

    @property
    def folder(self) -> Path:
        """Where rounds lie: the list's own folder is watched."""
        return self.list_file.parent / ROUNDS

    @property
    def file(self) -> Path:
        """What came in this round."""
        return self.folder / self.list_file.name

    def read(self, url: str) -> PulseState:
        """Return what is known of an address; nothing where the list is not there."""
        try:
            content = json.loads(self._state.read_bytes())
            found = shape.from_json(PulseState, content)
        except (OSError, ValueError):
            return PulseState(url)
        if found.url != url:
            return PulseState(url)
        if not self.list_file.exists():
            return PulseState(url, round=found.round, failing=found.failing)
        return found

    def keep(self, state: PulseState) -> None:
        """Bring the state to the card. Raises OSError."""
        self.folder.mkdir(mode=0o750, exist_ok=True)
        files.write_durable(self._state, json.dumps(shape.to_json(state)), 0o640)

    def holds(self, at: PulseRound) -> bool:
        """Tell whether what came of a round is there."""
        try:
            return self.file.stat().st_size >= at.size
        except OSError:
            return at.size == 0

    def add(self, at: PulseRound, page: PulsePage) -> PulseRound:
        """Put a page behind what came before, on the card too. Raises OSError."""
        self.folder.mkdir(mode=0o750, exist_ok=True)
        # What a power cut left behind the place is not counted.
        with self.file.open("ab") as stream:
            stream.truncate(at.size)
            stream.write(page.lines)
            stream.flush()
            os.fsync(stream.fileno())
        return replace(at, size=at.size + len(page.lines))

    def finish(self, at: PulseRound) -> bool:
        """Put the list in the place of the last; tell whether it is another. Raises OSError."""
        is_same = _digest(self._merged(at)) == _digest(_lines(self.list_file))
        if not (is_same and self.list_file.exists()):
            files.write_durable(self.list_file, self._merged(at), 0o640)
        return not is_same

    def clear(self) -> None:
        """Remove what came in the round, once nothing leads to it. Raises OSError."""
        files.remove(self.file)

    @property
    def _state(self) -> Path:
        return self.folder / f"{self.list_file.name}{STATE}"

    def _merged(self, at: PulseRound) -> Iterator[bytes]:
        """Yield the lines of the list: what came, each pulse once, then what stays of before."""
        size, came = 0, set[bytes]()
        stays = [] if self._is_all(at) else [_pulses(self.list_file)]
        for source in (_pulses(self.file), *stays):
            known = frozenset(came)
            for pulse, line in source:
                size += len(line)
                if size > LARGEST:
                    return
                if pulse not in known:
                    came.add(pulse)
                    yield line

    def _is_all(self, at: PulseRound) -> bool:
        """Tell whether what did not come was withdrawn.

        Pages move while they are asked for: where fewer came than the server has, others stay.
        """
        came = {pulse for pulse, _ in _pulses(self.file) if pulse}
        return not at.since and not at.export and len(came) >= at.count


def _pulses(file: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield each line and the pulse that it is of."""
    pulse = b""
    for line in _lines(file):
        found = pulse_of(line)
        pulse = pulse if found is None else found
        yield pulse, line


def _lines(file: Path) -> Iterator[bytes]:
    with contextlib.suppress(FileNotFoundError), file.open("rb") as stream:
        yield from stream


def _digest(lines: Iterable[bytes]) -> bytes:
    found = hashlib.sha256()
    for line in lines:
        found.update(line)
    return found.digest()
