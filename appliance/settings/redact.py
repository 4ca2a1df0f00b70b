# SPDX-License-Identifier: MIT
"""Take secrets out of a text that stays readable: Imager's files, and a clear password of ours.

A secret is taken out by itself, at the place of its key; all else stays, to the byte.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from typing import Any

from appliance.errors import ConfigError
from appliance.settings.findings import TAKEN_OVER
from appliance.settings.tables import parse

# The keys of Imager's formats behind which a secret stands.
KEYS = frozenset({"password", "passwd", "hashed_passwd", "plain_text_passwd"})
NAMED_TEXT = re.compile(
    r"(?<![\w-])(password|[\"']password[\"'])(\s*=\s*)"
    r"(?P<text>\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')(?!\")"
)
SECTION = re.compile(r"\s*\[\s*([\w.-]+)\s*\]\s*(#.*)?")
PASSWORD = re.compile(r"\s*password\s*=")
HASH = re.compile(r"\s*password_hash\s*=")


def redacted_toml(text: str, secrets: Collection[str]) -> str | None:
    """Return TOML with a remark in the place of each of `secrets`; None where one would stay."""
    result = _replaced(text, _toml_spans(text), secrets)
    try:
        before, after = parse(text.encode(), "before"), parse(result.encode(), "after")
    except (ConfigError, UnicodeEncodeError):
        return None
    return result if after == _without(before, secrets) else None


def redacted_yaml(text: str, secrets: Collection[str]) -> str | None:
    """Return YAML with a remark in the place of each of `secrets`; None where one would stay."""
    # Imported where it is needed: few cards have such files, and the whole start waits for us.
    from appliance.settings import plainyaml

    try:
        spans = [(value, a, b) for key, value, a, b in plainyaml.scalars(text) if key in KEYS]
        result = _replaced(text, spans, secrets)
        before, after = plainyaml.load(text), plainyaml.load(result)
    except ValueError:
        return None
    return result if after == _without(before, secrets) else None


def _toml_spans(text: str) -> Iterator[tuple[str, int, int]]:
    for found in NAMED_TEXT.finditer(text):
        try:
            value = tomllib.loads(f"x = {found['text']}")["x"]
        except tomllib.TOMLDecodeError:
            continue
        yield value, *found.span("text")


def _replaced(text: str, spans: Any, secrets: Collection[str]) -> str:
    parts, end = [], 0
    for value, start, stop in spans:
        if value in secrets:
            parts += [text[end:start], f'"{TAKEN_OVER}"']
            end = stop
    return "".join([*parts, text[end:]])


def _without(values: Any, secrets: Collection[str]) -> Any:
    if isinstance(values, dict):
        return {
            key: TAKEN_OVER
            if key in KEYS and isinstance(value, str) and value in secrets
            else _without(value, secrets)
            for key, value in values.items()
        }
    if isinstance(values, list):
        return [_without(each, secrets) for each in values]
    return values


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
