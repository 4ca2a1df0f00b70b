# SPDX-License-Identifier: MIT
"""Files on BOOT whose names are nearly those that are read: named, or their owner waits in vain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

# What a second download and a copy are called.
_COPY = r"(?:copy|kopie|copie|copia|kopia)"
COPY = re.compile(
    rf"^{_COPY} (?:of|von|de|di|af|van) "
    rf"|[ _-]*(?:\(\d{{1,3}}\)|\b{_COPY}\b(?: \d{{1,3}})?)(?=\.|$)|[ _-]\d{{1,3}}(?=\.|$)"
)
# What Windows hides, word processors and browsers add, and settings of other programs end in.
ENDS = (
    *(".txt", ".rtf", ".doc", ".docx", ".html", ".odt", ".part", ".crdownload", ".download"),
    *(".ini", ".conf", ".cfg", ".yaml", ".yml", ".json", ".tml"),
)
SETTINGS = "glovebox.toml"
MOST, LONGEST = 1000, 80  # names that are looked at, and their characters


def strays(names: Iterable[str], read: Mapping[str, str]) -> Iterator[str]:
    """Yield a problem for each of `names` that is meant to be one of `read`, and is not.

    `read` says of each name that is known what its owner should do with the file.
    """
    for name in sorted(names)[:MOST]:
        meant = _meant(name, read)
        if meant:
            yield f"{name}: {read[meant] or f'not read under this name; {_rename(meant)}'}"


def _rename(meant: str) -> str:
    return f"rename it to {meant} (Windows may hide the end of a name), or delete it"


def _meant(name: str, read: Mapping[str, str]) -> str | None:
    # macOS puts a file beside each, with ._ before its name; FAT does not know capitals apart.
    if name.startswith("._") or len(name) > LONGEST or name.lower() in read:
        return None
    plain = COPY.sub("", name.lower())
    while plain.endswith(ENDS):
        plain = plain[: plain.rindex(".")]
    if _is_settings(plain.removesuffix(".toml").removesuffix(".toml"), name):
        return SETTINGS
    return next((known for known in read if _bare(plain) in _bare_names(known)), None)


def _bare(name: str) -> str:
    return re.sub("[ _-]", "", name)


def _bare_names(known: str) -> tuple[str, str]:
    return _bare(known), _bare(known.partition(".")[0])


def _is_settings(stem: str, name: str) -> bool:
    """Tell whether our settings are meant; a name that is only like it must end as theirs does."""
    ours = SETTINGS.partition(".")[0]
    bare = _bare(stem)
    if bare in (ours, f"{ours}toml"):
        return True
    # Imported where it is needed: few cards have such a file, and the whole start waits for us.
    import difflib

    near = name.lower().endswith(".toml") and difflib.SequenceMatcher(None, bare, ours).ratio()
    return near >= 0.82
