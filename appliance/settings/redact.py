"""Take secrets out of a text that stays readable: Imager's files, and a clear password of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable

from appliance.errors import ConfigError
from appliance.settings.findings import TAKEN_OVER
from appliance.settings.tables import parse

# A key of TOML or YAML, up to where its value begins.
SECRET = re.compile(
    r"(?m)^(\s*(?:- )?(?:password|passwd|hashed_passwd|plain_text_passwd|token)\s*[=:][ \t]*)"
    r"(?!true|false)[^\r\n]+"
)
SECTION = re.compile(r"\s*\[\s*([\w.-]+)\s*\]\s*(#.*)?")
PASSWORD = re.compile(r"\s*password\s*=")
HASH = re.compile(r"\s*password_hash\s*=")


def redacted(text: str, secrets: Iterable[str]) -> str | None:
    """Return `text` with a remark in the place of each secret; None where one would stay."""
    result = SECRET.sub(rf'\g<1>"{TAKEN_OVER}"', text)
    return None if any(secret in result for secret in secrets) else result


def hash_in_place(text: str, hashed: str) -> str | None:
    """Return our settings with the page's clear password replaced by its hash, all else as it was.

    None where the password is written in a way that this cannot do, as over several lines.
    """
    lines, section = [], ""
    for line in text.splitlines(keepends=True):
        header = SECTION.fullmatch(line.rstrip("\r\n").removeprefix("\ufeff"))
        section = header[1] if header else section
        if section == "web" and HASH.match(line):
            continue
        if section == "web" and PASSWORD.match(line):
            end = line[len(line.rstrip("\r\n")) :]
            line = f'password_hash = "{hashed}"{end}'
        lines.append(line)
    result = "".join(lines)
    return result if _same_but_password(text, result, hashed) else None


def _same_but_password(before: str, after: str, hashed: str) -> bool:
    try:
        wanted = parse(before.encode(), "before")
        got = parse(after.encode(), "after")
    except ConfigError:
        return False
    wanted["web"] = {**wanted["web"], "password_hash": hashed}
    del wanted["web"]["password"]
    return got == wanted
