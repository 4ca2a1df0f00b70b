# SPDX-License-Identifier: MIT
"""Lists in force, one file each on DATA: what they hold, sorted, so that one look finds an entry.

The first line of a file is JSON (ListFacts); each line below is a name or a network in the one form
that `formats.indicators` gives it, sorted by bytes. Behind a tab stand the numbers of who says so
within the list; those are lines at the end, which begin with `~`, for it sorts behind all names. A
file is replaced whole, and only if changed.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance import files, shape
from appliance.formats.bad_lists import ListOrigin
from appliance.formats.indicators import written
from appliance.reports.intel import ListFacts

FOLDER = Path(os.environ.get("GLOVEBOX_INTEL_DIRECTORY", "/var/lib/glovebox/intel"))
# Where those of the Internet are, before they are taken.
FETCHED = Path(os.environ.get("GLOVEBOX_FETCHED_DIRECTORY", "/var/lib/glovebox/fetched"))
ENDING = ".list"
# What all lists together may take of the card.
MOST_BYTES = 64 << 20
# Who says so of one entry.
MOST_ORIGINS = 8
_TAB, _ORIGIN = b"\t", b"~"
_NO_CELLS = ("", "", "", "", "")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class ListVerdict:
    """A list says so: its name, which of its entries it is, and who within it."""

    list_name: str
    entry: str
    origins: tuple[ListOrigin, ...] = ()


class KeptList:
    """A list that is in force, open for looking things up. Raises OSError, ValueError."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as stream:
            self._data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        self._begin = self._data.find(b"\n") + 1
        self.facts = shape.from_json(ListFacts, json.loads(self._data[: self._begin]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._data.close()

    def lines(self) -> Iterator[bytes]:
        """Yield the entries, sorted by bytes, without the ends of the lines."""
        return (entry for entry, _ in self._lines())

    def told(self) -> Iterator[tuple[bytes, Sequence[ListOrigin]]]:
        """Yield the entries, sorted by bytes, each with who says so within the list."""
        known: dict[bytes, ListOrigin] = {}
        for entry, numbers in self._lines():
            yield entry, [self._known(each, known) for each in numbers.split()]

    def _known(self, number: bytes, known: dict[bytes, ListOrigin]) -> ListOrigin:
        found = known.get(number)
        if found is None:
            found = known[number] = _origin(self._find(_ORIGIN + number) or b"")
        return found

    def _lines(self) -> Iterator[tuple[bytes, bytes]]:
        self._data.seek(self._begin)
        for line in iter(self._data.readline, b""):
            if line[:1] == _ORIGIN:
                return
            entry, _, rest = line[:-1].partition(_TAB)
            yield entry, rest

    def let_go(self) -> None:
        """Hold no pages of the file in memory until they are wanted again."""
        self._data.madvise(mmap.MADV_DONTNEED)

    def holds(self, entry: bytes) -> bool:
        """Tell whether an entry stands in the list exactly so."""
        return self._find(entry) is not None

    def origins(self, entry: str) -> tuple[ListOrigin, ...]:
        """Return who says so within the list; none where it does not tell."""
        numbers = (self._find(entry.encode()) or b"").split()[:MOST_ORIGINS]
        found = (self._find(_ORIGIN + number) for number in numbers)
        return tuple(_origin(line) for line in found if line)

    def _find(self, entry: bytes) -> bytes | None:
        """Return what stands behind an entry; None where there is no such."""
        low, high = self._begin, len(self._data)
        while low < high:
            start = self._data.rfind(b"\n", self._begin - 1, (low + high) // 2) + 1
            end = self._data.find(b"\n", start)
            found, _, rest = self._data[start:end].partition(_TAB)
            if found == entry:
                return rest
            low, high = (end + 1, high) if found < entry else (low, start)
        return None

    def find_name(self, name: str) -> str:
        """Return the entry that a name is, or is below; empty where there is none."""
        labels = name.split(".")
        above = (".".join(labels[place:]) for place in range(len(labels) - 1))
        return next((each for each in above if self.holds(each.encode())), "")

    def find_address(self, address: Address) -> str:
        """Return the narrowest network that an address is in; empty where there is none."""
        lengths = self.facts.lengths4 if address.version == 4 else self.facts.lengths6
        for length in sorted(lengths, reverse=True):
            entry = written(ip_network((address, length), strict=False))
            if self.holds(entry.encode()):
                return entry
        return ""


def with_origins(entry: bytes, numbers: Sequence[int]) -> bytes:
    """Return the line of an entry that some say, by their numbers."""
    return entry + _TAB + b" ".join(b"%d" % each for each in numbers) if numbers else entry


def origin_line(number: int, origin: ListOrigin) -> bytes:
    """Return the line of who says so."""
    told = (origin.title, origin.author, origin.day, origin.link, str(origin.confidence))
    return _ORIGIN + b"%d" % number + _TAB + "\t".join(told).encode("utf-8", "replace")


def _origin(line: bytes) -> ListOrigin:
    cells = line.decode("utf-8", "replace").split("\t")
    title, author, day, link, sure = (*cells, *_NO_CELLS)[:5]
    return ListOrigin(title, author, day, link, int(sure) if sure.isdigit() else -1)


def write(folder: Path, facts: ListFacts, entries: Iterable[bytes]) -> None:
    """Put a list in force; `entries` are lines sorted by bytes. Raises OSError."""
    head = json.dumps(shape.to_json(facts), separators=(",", ":")).encode()
    content = (line + b"\n" for line in chain((head,), entries))
    files.write_durable(folder / f"{facts.name}{ENDING}", content, 0o640)


def remove(folder: Path, name: str) -> None:
    """Take a list out of force. Raises OSError."""
    files.remove(folder / f"{name}{ENDING}")


def names(folder: Path) -> list[str]:
    """Return the names of the lists in force, sorted; none where there is no folder."""
    try:
        found = sorted(folder.glob(f"*{ENDING}"))
    except OSError:
        return []
    return [file.name.removesuffix(ENDING) for file in found if not file.name.startswith(".")]


def opened(folder: Path, stack: contextlib.ExitStack) -> list[KeptList]:
    """Return all lists in force, open until the stack is; what cannot be read is left out."""
    found = []
    for name in names(folder):
        with contextlib.suppress(OSError, ValueError):
            found.append(stack.enter_context(KeptList(folder / f"{name}{ENDING}")))
    return found


def version(folder: Path, more: Iterable[str] = ()) -> str:
    """Return what changes with the lists in force and with `more`: 32 hexadecimal digits."""
    import hashlib  # Only here: the search for names has no use for it, nor for OpenSSL's library.

    with contextlib.ExitStack() as stack:
        facts = [each.facts for each in opened(folder, stack)]
    # Entries that hold no more leave a list whose file is the same.
    told = [f"{each.name} {each.digest} {each.taken}" for each in facts]
    return hashlib.sha256("\n".join([*told, *more]).encode()).hexdigest()[:32]


def entries(folder: Path) -> Iterator[bytes]:
    """Yield the entries of all lists in force."""
    with contextlib.ExitStack() as stack:
        for each in opened(folder, stack):
            yield from each.lines()


def who_lists(kept: Iterable[KeptList], what: str | Address) -> list[ListVerdict]:
    """Return which lists say that a name or an address is bad."""
    found = []
    for each in kept:
        entry = each.find_name(what) if isinstance(what, str) else each.find_address(what)
        if entry:
            found.append(ListVerdict(each.facts.name, entry, each.origins(entry)))
    return found
