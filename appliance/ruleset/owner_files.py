# SPDX-License-Identifier: MIT
"""The files of rules that the owner gave: which are read, and what is passed over and why.

No name, no folder and no size of what is there may keep the engine from starting.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.ids import rules

# Systems leave these beside files of people.
LITTER = frozenset(("desktop.ini", "thumbs.db", "system volume information", "$recycle.bin"))
ARCHIVES = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".tar", ".rar", ".7z")
MOST_NAMED = 20
# More than any rule set has, comments included.
MOST_LINES = 500_000

# How a file begins that holds no lines of text.
_BEGINNINGS = (
    (b"\xff\xfe", "saved as UTF-16; save it as UTF-8 (in Notepad: Save as, Encoding)"),
    (b"\xfe\xff", "saved as UTF-16; save it as UTF-8 (in Notepad: Save as, Encoding)"),
    (b"{\\rtf", "saved as rich text (RTF); save it as plain text"),
    (b"PK\x03\x04", "an archive (zip) or a document; unpack it, or save it as plain text"),
    (b"\x1f\x8b", "compressed (gzip); unpack it on a PC"),
    (b"BZh", "compressed (bzip2); unpack it on a PC"),
    (b"\xfd7zXZ", "compressed (xz); unpack it on a PC"),
    (b"Rar!", "an archive (rar); unpack it on a PC"),
    (b"7z\xbc\xaf", "an archive (7z); unpack it on a PC"),
    (b"\x7fELF", "a program, and no text"),
    (b"MZ", "a program, and no text"),
)
_PAGES = (b"<!doctype", b"<html", b"<?xml")


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that was left out, or (line 0) a whole file."""

    file: str
    line: int
    reason: str

    @property
    def where(self) -> str:
        """Return FILE:LINE, or the file alone."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}; left out"


@dataclass
class FoundFiles:
    """The files to read, in order; problems with folders; and what is passed over, in words."""

    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def shown(name: str | Path) -> str:
    """Return a name as it can be shown and stand in a comment, whatever its bytes are."""
    plain = printable(os.fsencode(name).decode("utf-8", "replace"))
    return plain if len(plain) <= 100 else f"{plain[:99]}…"


def printable(text: str) -> str:
    """Return a text on one line without what cannot be shown, such as bytes that are no UTF-8."""
    shown_as = "\N{REPLACEMENT CHARACTER}"
    return "".join(each if each.isprintable() else shown_as for each in text.replace("\n", " "))


def find(directories: Sequence[Path]) -> FoundFiles:
    """Look for *.rules files, directory by directory, each in the order of their names."""
    found = FoundFiles()
    for directory in directories:
        try:
            entries = sorted(os.scandir(directory), key=lambda entry: os.fsencode(entry.name))
        except FileNotFoundError:
            continue
        except OSError as error:
            found.problems.append(Problem(shown(directory), 0, error.strerror or str(error)))
            continue
        _sort(directory, entries, found)
    return found


def beside(directories: Sequence[Path]) -> list[str]:
    """Name files of rules that lie beside a folder `rules`, where nobody reads them."""
    found = list[str]()
    for parent in (each.parent for each in directories if each.name == "rules"):
        with contextlib.suppress(OSError):
            names = sorted(os.listdir(parent), key=os.fsencode)
            stray = [name for name in names if ".rules" in name.lower() and name[0] != "."]
            found += [f"{shown(name)}: put it into the folder rules" for name in stray]
    return found[:MOST_NAMED]


def _sort(directory: Path, entries: Iterable[os.DirEntry[str]], found: FoundFiles) -> None:
    others = list[str]()
    for entry in entries:
        # Other systems leave files like ._my.rules beside the real ones, and write .RULES.
        name = entry.name.lower()
        if name.startswith(".") or name in LITTER:
            continue
        if name.endswith(".rules"):
            found.files.append(directory / entry.name)
        elif words := _passed_over(entry, name):
            found.passed_over.append(f"{shown(entry.name)}: {words}")
        else:
            others.append(shown(entry.name))
    if others:
        more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
        found.passed_over.append(f"no *.rules: {', '.join(others[:MOST_NAMED])}{more}")
    if len(found.passed_over) > 2 * MOST_NAMED:
        rest = len(found.passed_over) - 2 * MOST_NAMED
        found.passed_over[2 * MOST_NAMED :] = [f"and {rest} more"]


def _passed_over(entry: os.DirEntry[str], name: str) -> str | None:
    """Say why an entry is not read, where somebody may have meant it; None for what is no rule."""
    if _is_folder(entry):
        return "a folder; put its *.rules files directly into rules"
    if name.endswith(ARCHIVES):
        return "an archive; unpack it on a PC and put its *.rules files here"
    if ".rules" in name or name.endswith((".rule", ".rtf")):
        return "rename it so that its name ends in .rules"
    return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def read(file: Path, room: int) -> bytes:
    """Return what a file holds. Raises OSError; ValueError, with the reason, for what is no text.

    `room` is how many bytes of rules there may still be.
    """
    with open(file, "rb", opener=_without_waiting) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError("no plain file")
        content = stream.read(room + 1)
    for beginning, reason in _BEGINNINGS:
        if content.startswith(beginning):
            raise ValueError(reason)
    if content.count(b"\n") > MOST_LINES:
        raise ValueError(f"more than {MOST_LINES:,} lines")
    if content[:200].lstrip().lower().startswith(_PAGES):
        raise ValueError("a web page; download the file itself (on GitHub: Raw)")
    return content


def _without_waiting(name: str, flags: int) -> int:
    # A pipe would keep whoever opens it waiting for a writer.
    return os.open(name, flags | os.O_NONBLOCK)


def lines(content: bytes) -> Iterator[tuple[int, str]]:
    """Yield (number, line) as engines read them; bytes that are no UTF-8 stand as surrogates."""
    text = content.decode("utf-8-sig", "surrogateescape")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    yield from rules.logical_lines(text)
