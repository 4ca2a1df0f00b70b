# SPDX-License-Identifier: MIT
"""`glovebox intel-lists`: take the lists of BOOT and of the Internet, and say what came of each.

A list that cannot be used, or waits for the owner, leaves the one before in force.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance import files, service
from appliance.formats.bad_lists import EXPIRED, ListedEntry, ListOrigin, NoListError, read_list
from appliance.formats.indicators import SUFFIX, written
from appliance.intel import kept_lists, list_policy, misp_event, public_suffixes
from appliance.intel.kept_lists import (
    ENDING,
    FETCHED,
    FOLDER,
    MOST_BYTES,
    MOST_ORIGINS,
    KeptList,
    origin_line,
    with_origins,
)
from appliance.intel.public_suffixes import PublicSuffixes
from appliance.reports.intel import IntelListsReport, ListFacts, ListStanding
from appliance.requests import BOOT
from appliance.service import Running

CARD = BOOT / "intel"
AGREED = "agreed.json"
MOST_LISTS, LARGEST, MOST_ENTRIES = 32, 32 << 20, 1_000_000
SAMPLES = 8
# In some three hundred years.
NEVER = 1e10
# Who says so within a list: of more, entries are kept without.
MOST_DIFFERENT = 20_000
# A longer line is refused; so much of one is read at once.
_PIECE = 4096

log = logging.getLogger(__name__)


@dataclass
class ListContent:
    """What a file holds: entries, and what was refused."""

    entries: dict[bytes, tuple[int, ...]] = field(default_factory=dict)
    origins: dict[ListOrigin, int] = field(default_factory=dict)
    until: float = math.inf
    names: int = 0
    lengths: dict[int, set[int]] = field(default_factory=lambda: {4: set(), 6: set()})
    reasons: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)
    _alone: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def add(self, entry: ListedEntry) -> None:
        """Take an entry; one that is there already counts once."""
        text = written(entry.network) if entry.network else entry.name
        line = text.encode()
        said = self.entries.get(line)
        self.until = min(self.until, entry.until)
        self.entries[line] = self._said(said or (), entry.origin)
        if said is not None:
            return
        self.names += not entry.network
        if entry.network:
            self.lengths[entry.network.version].add(entry.network.prefixlen)

    def _said(self, before: tuple[int, ...], origin: ListOrigin | None) -> tuple[int, ...]:
        """Return who says so, each once; who is beyond what is kept is left out."""
        full = len(before) >= MOST_ORIGINS or len(self.origins) >= MOST_DIFFERENT
        if origin is None or (full and origin not in self.origins):
            return before
        number = self.origins.setdefault(origin, len(self.origins))
        if number in before or len(before) >= MOST_ORIGINS:
            return before
        return (*before, number) if before else self._alone.setdefault(number, (number,))

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of a file in force; a tab sorts ahead of all that stands in an entry."""
        for entry in sorted(self.entries):
            yield with_origins(entry, self.entries[entry])
        yield from sorted(origin_line(number, origin) for origin, number in self.origins.items())

    def refuse(self, number: int, text: str, reason: str) -> None:
        """Count what is no entry."""
        self.reasons[reason] += 1
        if len(self.samples) < SAMPLES:
            self.samples.append(f"line {number}: {text} – {reason}")

    def facts(self, name: str, digest: str, now: float) -> ListFacts:
        """Return what is told of it."""
        return ListFacts(
            name=name, digest=digest, taken=now, names=self.names,
            networks=len(self.entries) - self.names,
            lengths4=tuple(sorted(self.lengths[4])), lengths6=tuple(sorted(self.lengths[6])),
            refused=self.reasons.total(), reasons=dict(self.reasons.most_common(SAMPLES)),
            samples=tuple(self.samples), until=self.until if self.until < NEVER else 0.0,
        )  # fmt: skip


@dataclass
class CardLists:
    """The lists on a card, those that were `fetched`, and those in force in `folder`."""

    card: Path
    folder: Path
    suffixes: PublicSuffixes
    fetched: Path | None = None

    def take(self, now: float) -> IntelListsReport:
        """Bring into force what can be; lists that the card no longer has are gone."""
        found = list_files(self.card)
        # Of two with one name that on the card counts: the owner put it there by hand.
        own = {file.name for file in found}
        if self.fetched is not None:
            others = [each for each in list_files(self.fetched) if each.name not in own]
            found += [each for each in others if not each.name.endswith(".state.json")]
        agreed = read_agreed(self.folder)
        standings = [self._one(file, agreed.get(file.name, ""), now) for file in found]
        there = {file.name for file in found}
        for name in kept_lists.names(self.folder):
            if name not in there:
                kept_lists.remove(self.folder, name)
        return IntelListsReport(now, tuple(standings))

    def _one(self, file: Path, agreed: str, now: float) -> ListStanding:
        before = self._in_force(file.name)
        try:
            digest = _digest(file)
            if before is not None and before.digest == digest and not _is_over(before, now):
                return ListStanding(file.name, before, digest)
            content = read_content(file, self.suffixes, now)
            facts = content.facts(file.name, digest, now)
            if held := list_policy.hold(before, facts, agreed):
                return ListStanding(file.name, before, digest, held=held)
            self._put(facts, content)
        except NoListError as error:
            return ListStanding(file.name, before, trouble=str(error))
        except OSError as error:
            return ListStanding(file.name, before, trouble=error.strerror or str(error))
        return ListStanding(file.name, facts, digest)

    def _in_force(self, name: str) -> ListFacts | None:
        try:
            with KeptList(self.folder / f"{name}{ENDING}") as kept:
                return kept.facts
        except (OSError, ValueError):
            return None

    def _put(self, facts: ListFacts, content: ListContent) -> None:
        others = sum(
            (self.folder / f"{name}{ENDING}").stat().st_size
            for name in kept_lists.names(self.folder)
            if name != facts.name
        )
        if others + sum(len(line) + 1 for line in content.lines()) > MOST_BYTES:
            raise NoListError("no room: all lists together may have 64 MB")
        kept_lists.write(self.folder, facts, content.lines())


def list_files(card: Path) -> list[Path]:
    """Return the lists in a folder of the card: at most MOST_LISTS, in the order of their names."""
    try:
        found = sorted(each for each in card.iterdir() if _is_list(each))
    except OSError:
        return []
    if len(found) > MOST_LISTS:
        log.warning("%s: more than %d lists, the rest is left out", card, MOST_LISTS)
    return found[:MOST_LISTS]


def _is_list(file: Path) -> bool:
    name = file.name
    plain = name.isascii() and name.replace(".", "").replace("-", "").replace("_", "").isalnum()
    hidden = name.startswith((".", "_")) or name.lower().startswith("readme")
    return plain and not hidden and len(name) <= 64 and file.is_file()


def _is_over(facts: ListFacts, now: float) -> bool:
    """Tell whether something of a list holds no more, though its file is the same."""
    return 0 < facts.until <= now


def read_content(file: Path, suffixes: PublicSuffixes, now: float = 0.0) -> ListContent:
    """Read a list as it holds `now`. Raises NoListError, OSError."""
    if file.stat().st_size > LARGEST:
        raise NoListError("larger than 32 MB")
    content = ListContent()
    for number, found in enumerate(read_list(_lines_of(file), now), 1):
        if not isinstance(found, ListedEntry):
            content.refuse(found.number, found.text, found.reason)
        elif found.name in suffixes:
            content.refuse(number, found.name, SUFFIX)
        else:
            content.add(found)
            if len(content.entries) > MOST_ENTRIES:
                raise NoListError("more than 1,000,000 entries")
    # What has expired was once an entry: then none is left of a good list.
    if not content.entries and EXPIRED not in content.reasons:
        raise NoListError("nothing in it can be used" if content.reasons else "it is empty")
    return content


def _lines_of(file: Path) -> Iterator[bytes]:
    """Return the lines of a list, also of one that is no text. Raises NoListError, OSError."""
    with file.open("rb") as stream:
        if not misp_event.is_event(stream.read(_PIECE)):
            return _lines(file)
        stream.seek(0)
        content = stream.read(misp_event.LARGEST + 1)
    if len(content) > misp_event.LARGEST:
        raise NoListError("an event of MISP that is larger than 4 MB")
    return misp_event.event_lines(content)


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while line := stream.readline(_PIECE):
            yield line
            while len(line) == _PIECE and not line.endswith(b"\n"):
                line = stream.readline(_PIECE)


def _digest(file: Path) -> str:
    import hashlib  # Only here, as OpenSSL's library with it: where there are lists.

    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_agreed(folder: Path) -> Mapping[str, str]:
    """Return the digests of lists that the owner agreed to, by name."""
    try:
        found = json.loads((folder / AGREED).read_bytes())
    except (OSError, ValueError):
        return {}
    return (
        {str(name): str(digest) for name, digest in found.items()}
        if isinstance(found, dict)
        else {}
    )


def agree(folder: Path, name: str, digest: str) -> None:
    """Note that the owner agreed to a list as it is now. Raises OSError."""
    agreed = dict(list({**read_agreed(folder), name: digest}.items())[-MOST_LISTS:])
    files.write_durable(folder / AGREED, json.dumps(agreed), 0o640)


def told(standing: ListStanding) -> str:
    """Return how a list stands, in one line."""
    facts = standing.facts
    force = f"{facts.names} names, {facts.networks} networks" if facts else "nothing in force"
    refused = f", {facts.refused} refused" if facts and facts.refused else ""
    waits = f"; the file waits for you: {standing.held}" if standing.held else ""
    trouble = f"; the file cannot be used: {standing.trouble}" if standing.trouble else ""
    return f"{standing.name}: {force}{refused}{waits}{trouble}"


def main(argv: Sequence[str]) -> int:
    """Take the lists once; `--help` tells the exit statuses."""
    return service.run("intel-lists", _parser(), argv, _take, settings=False, once=True)


def _take(running: Running) -> int:
    arguments = running.arguments
    lists = CardLists(arguments.card, arguments.folder, public_suffixes.load(), arguments.fetched)
    report = lists.take(time.time())
    running.publisher.publish(report)
    for each in report.lists:
        log.info("%s", told(each))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox intel-lists",
        description="Take the lists on the card into force (service).",
        epilog="exit status: 0 done, whatever the lists are; 1 a fault; 2 bad usage.",
    )
    add = parser.add_argument
    add("--card", type=Path, default=CARD, help="where lists are (%(default)s)")
    add("--fetched", type=Path, default=FETCHED, help="those of the Internet (%(default)s)")
    add("--folder", type=Path, default=FOLDER, help="where they are kept (%(default)s)")
    return parser
