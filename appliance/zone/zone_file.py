# SPDX-License-Identifier: MIT
"""The zone on the card: written whole when the lists changed, with a serial that only grows.

The last line is a remark, which says of what the zone was made; so there is no second file that a
power cut could leave behind.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import files
from appliance.errors import GloveboxError
from appliance.intel import kept_lists
from appliance.intel.allowed import allowed_of
from appliance.intel.list_outputs import ListToTell, rpz

NAME = "rpz.zone"
MOST_SERIAL = (1 << 32) - 1
_TRAILER = re.compile(rb"\n; ([0-9a-f]{32}) (\d{1,10}) (\d{1,9})\n\Z")
_LONGEST_TRAILER = 64


class ZoneTooLargeError(GloveboxError):
    """The lists make more records than this machine has room for."""


@dataclass(frozen=True, slots=True)
class ZoneVersion:
    """A zone: what it was made of, its serial, and how many records it has."""

    digest: str
    serial: int
    records: int


def read_version(file: Path) -> ZoneVersion | None:
    """Return what the zone on the card is; None where there is none, or half of one."""
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _LONGEST_TRAILER))
            found = _TRAILER.search(stream.read())
    except OSError:
        return None
    return ZoneVersion(found[1].decode(), int(found[2]), int(found[3])) if found else None


def renew(file: Path, lists: Path, allow: Sequence[str], most: int, now: float) -> ZoneVersion:
    """Write the zone anew where the lists, or what is allowed, changed; return what there is.

    Raises OSError, ZoneTooLargeError; then the zone of before stays.
    """
    digest, before = kept_lists.version(lists, allow), read_version(file)
    if before is not None and before.digest == digest:
        return before
    serial = next_serial(before.serial if before else 0, now)
    with contextlib.ExitStack() as stack:
        kept = kept_lists.opened(lists, stack)
        told = [ListToTell(each.facts.name, each.told()) for each in kept]
        lines = rpz(told, allowed_of(allow), serial)
        files.write_durable(file, _with_trailer(lines, digest, serial, most), 0o640)
    written = read_version(file)
    assert written is not None  # It was just written.
    return written


def next_serial(last: int, now: float) -> int:
    """Return the time as a serial, but always more than the last: secondaries ignore what falls."""
    return min(max(int(now), last + 1), MOST_SERIAL)


def _with_trailer(lines: Iterator[str], digest: str, serial: int, most: int) -> Iterator[bytes]:
    records = 0
    for text in lines:
        records += text.count("\n")
        if records > most:
            raise ZoneTooLargeError(f"more than {most} records")
        yield text.encode()
    yield f"; {digest} {serial} {records}\n".encode()
