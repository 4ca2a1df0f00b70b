# SPDX-License-Identifier: MIT
"""What is played, in which order, how often: capture files, pipes, and captures held in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from appliance.errors import InputError
from appliance.formats.linktypes import require_known
from appliance.formats.pcap import Record
from appliance.service import Stop
from appliance.tools.captures import STDIN, Capture, open_capture

Source = Path | Literal["-"]


def source(text: str) -> Source:
    """Turn a FILE argument into what open_capture() takes: "-" is stdin."""
    return STDIN if text == STDIN else Path(text)


class Playable(Protocol):
    """A capture, read from its file or from memory."""

    name: str

    def link_types(self) -> Iterator[int]: ...

    def __iter__(self) -> Iterator[Record]: ...

    def close(self) -> None: ...


class Preloaded:
    """A capture in memory; damage in its file is told after its records, as when reading."""

    def __init__(self, capture: Capture) -> None:
        self.name = capture.name
        self._records: list[Record] = []
        self._damage: InputError | None = None
        self._link_types: list[int] = []
        try:
            self._link_types.extend(capture.link_types())
            self._records.extend(capture)
        except InputError as error:
            self._damage = error

    def link_types(self) -> Iterator[int]:
        yield from self._link_types

    def __iter__(self) -> Iterator[Record]:
        yield from self._records
        if self._damage is not None:
            raise self._damage

    def close(self) -> None:
        """Keep the records: the next turn plays them again."""


@dataclass(frozen=True)
class Playlist:
    """Captures one after the other, `loops` turns of them (0: endlessly), until `stop`."""

    sources: Sequence[Source]
    loops: int = 1
    preload: bool = False
    stop: Stop | None = None

    def check(self) -> None:
        """Look at all files that can be opened twice, so that nothing is sent if one is no good.

        Raises InputError, also for a second turn through stdin or a named pipe.
        """
        for source in self.sources:
            if source == STDIN or source.is_fifo():
                if self.loops != 1 and not self.preload:
                    raise InputError(f"{source}: a pipe is played once; --loop needs --preload")
            else:
                with open_capture(source) as capture:
                    require_known(capture.link_types(), capture.name)

    def turns(self) -> Iterator[Iterable[Playable]]:
        """Yield turn by turn the captures, each opened when it is reached."""
        loaded = [self._load(source) for source in self.sources] if self.preload else None
        turn = 0
        while turn < self.loops or not self.loops:
            yield map(self._open, self.sources) if loaded is None else loaded
            turn += 1

    def _open(self, source: Source) -> Capture:
        return open_capture(source, self.stop)

    def _load(self, source: Source) -> Preloaded:
        with self._open(source) as capture:
            return Preloaded(capture)
