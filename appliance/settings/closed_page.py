# SPDX-License-Identifier: MIT
"""Keeps the page closed where the owner gave it a password that cannot be used. Pure.

Without one, whoever opens the page first sets the password: that is for owners who gave none.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence

from appliance.settings import owner_file, preseed
from appliance.settings.examine import chunks

CLOSED = (
    "no password for the page can be used, and one was given: nobody can log in until it is"
    " corrected here, unless one was set before"
)
# Of Imager's files, those that have users; the others know passwords of Wi-Fi alone.
FILES = (owner_file.NAME, preseed.NAME, "user-data")
# A key and anything behind it but an empty text.
_GIVEN = re.compile(
    r"""(?mi)\b(?:password(?:_hash)?|(?:hashed_|plain_text_)?passwd)["' \t]*[=:][ \t]*"""
    r"""(?!(?:""|'')?[ \t\r]*(?:\#.*)?$)\S"""
)
_LIST = re.compile(r"(?m)^[ \t]*chpasswd[ \t]*:")


def objection(given: Mapping[str, bytes], problems: Sequence[str]) -> str | None:
    """Say why the page must stay closed, where no password is in force; None where it need not.

    `given` are the files on BOOT by name, `problems` what is wrong with them.
    """
    for name in FILES:
        content = given.get(name, b"")
        wrong = any(problem.startswith(f"{name}:") for problem in problems)
        if wrong and _names_one(name, content):
            return f"{name}: {CLOSED}"
    return None


def _names_one(name: str, content: bytes) -> bool:
    """Tell whether a file gives the page a password, however it is broken."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if wide else "utf-8-sig", "replace")
    if name == owner_file.NAME:
        text = "\n".join(_parts(text))
    elif name.endswith(".toml"):
        text = "\n".join(each.text for each in chunks(text) if each.name != "wlan")
    return bool(_GIVEN.search(text) or (_LIST.search(text) and not name.endswith(".toml")))


def _parts(text: str) -> list[str]:
    """Return the parts of glovebox.toml in which the page's password may stand."""
    known = {chunk.name for chunk in chunks(text)}
    if known <= {""}:
        return [text]
    found = [chunk.text for chunk in chunks(text) if chunk.name == "web"]
    first = next(chunk.text for chunk in chunks(text) if chunk.name in known)
    return [*found, *(line for line in first.splitlines() if re.match(r"\s*web\b", line))]
