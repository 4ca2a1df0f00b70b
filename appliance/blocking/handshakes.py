# SPDX-License-Identifier: MIT
"""Which rules look only into connections whose handshake was seen: nobody forges those.

Both engines are set up to take a connection for established only after its handshake
(`require_3whs` of Snort, `midstream: no` of Suricata). A rule whose text cannot be read here is
taken for one that a single forged packet can set off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from appliance.ids import rules
from appliance.ids.engine import DIRECTORY, ENGINE_ROOT
from appliance.ids.rules import Key

FOLDERS = (
    DIRECTORY / "rules",
    ENGINE_ROOT / "etc/snort/rules",
    ENGINE_ROOT / "etc/suricata/rules",
)
LARGEST = 64 << 20
_ESTABLISHED = re.compile(r";\s*flow\s*:[^;]*\bestablished\b|\(\s*flow\s*:[^;]*\bestablished\b")
_NUMBER = {name: re.compile(rf"[;(]\s*{name}\s*:\s*([0-9]{{1,10}})\s*;") for name in ("gid", "sid")}
# In quotes stands what is looked for, which may read like an option.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def read(folders: Iterable[Path] = FOLDERS) -> frozenset[Key]:
    """Return generator and number of these rules; what cannot be read has none."""
    return frozenset(
        key
        for folder in folders
        for file in sorted(folder.glob("*.rules"))
        for key in of_text(_text(file))
    )


class Handshakes:
    """These rules as they are now: read again when the engine's configuration is made anew."""

    def __init__(self, folders: Sequence[Path] = FOLDERS) -> None:
        """Take the folders; the rules in the first may change while the machine runs."""
        self._folders = folders
        self._read: int | None = None
        self._found: frozenset[Key] = frozenset()

    def now(self) -> frozenset[Key]:
        """Return generator and number of each."""
        try:
            changed = self._folders[0].stat().st_mtime_ns
        except OSError:
            changed = 0
        if changed != self._read:
            self._read, self._found = changed, read(self._folders)
        return self._found


def of_text(text: str) -> Iterator[Key]:
    """Yield generator and number of these rules of a file."""
    for _, line in rules.logical_lines(text):
        options = _QUOTED.sub("", line)
        number = _NUMBER["sid"].search(options)
        if number and not line.startswith("#") and _ESTABLISHED.search(options):
            generator = _NUMBER["gid"].search(options)
            yield int(generator[1]) if generator else 1, int(number[1])


def _text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(LARGEST)
    except OSError:
        return ""
