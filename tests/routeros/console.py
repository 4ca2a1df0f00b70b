# SPDX-License-Identifier: MIT
"""RouterOS' console, as far as a pasted block or an export needs it: words, escapes, [find …]."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.routeros.schema import Schema, Trap

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "?": "?", "_": " "}


@dataclass
class Line:
    """One command: `where` are the conditions of its [find …], as (key, operator, value)."""

    path: str
    command: str
    values: dict[str, str] = field(default_factory=dict)
    where: list[tuple[str, str, str]] | None = None
    bare: list[str] = field(default_factory=list)


def lines(text: str) -> Iterator[str]:
    """Yield the commands of a script: continued lines joined, comments left out."""
    for line in re.sub(r"\\\r?\n\s*", "", text).splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def words(line: str) -> list[str]:
    """Split a line at blanks outside of quotes and brackets; escapes stay as they are."""
    found: list[str] = []
    word, quoted, depth, at = "", False, 0, 0
    while at < len(line):
        sign = line[at]
        if sign == "\\" and quoted:
            word, at = word + line[at : at + 2], at + 2
            continue
        if sign == '"':
            quoted = not quoted
        elif not quoted:
            depth += (sign == "[") - (sign == "]")
            if sign == " " and not depth:
                found, word, at = found + ([word] if word else []), "", at + 1
                continue
        word, at = word + sign, at + 1
    if quoted or depth:
        raise Trap("expected end of command")
    return found + ([word] if word else [])


def unquoted(word: str) -> str:
    """Return the value of a word, escapes replaced."""
    if not word.startswith('"'):
        return word
    octets = bytearray()
    body, at = word[1:-1], 0
    while at < len(body):
        if body[at] != "\\":
            octets += body[at].encode()
            at += 1
        elif re.match("[0-9A-F]{2}", body[at + 1 : at + 3]):
            octets.append(int(body[at + 1 : at + 3], 16))
            at += 3
        else:
            octets += ESCAPES[body[at + 1]].encode()
            at += 2
    return octets.decode("utf-8", "surrogateescape")


def parse(line: str, schema: Schema, menu: str = "") -> Line:
    """Return the command of a line; `menu` is where one begins that starts without "/"."""
    parts = words(line)
    path, at = ("", 0) if line.startswith("/") else (menu, 0)
    if parts and parts[0].startswith("/"):
        parts = [*filter(None, parts[0].split("/")), *parts[1:]]
    while at < len(parts) and schema.is_menu(f"{path}/{parts[at]}"):
        path, at = f"{path}/{parts[at]}", at + 1
    if at >= len(parts):
        return Line(path, "")
    found = Line(path, parts[at])
    for word in parts[at + 1 :]:
        _take(found, word)
    return found


def _take(line: Line, word: str) -> None:
    if word.startswith("[") and line.where is None:
        inner = words(word[1:-1].strip())
        if not inner or inner[0] != "find":
            raise Trap("expected end of command")
        line.where = [_condition(each) for each in inner[1:] if each != "where"]
        return
    key, sign, value = word.partition("=")
    if sign and re.fullmatch(r"[a-z0-9.-]+", key):
        line.values[key] = unquoted(value)
    else:
        line.bare.append(word)


def _condition(word: str) -> tuple[str, str, str]:
    found = re.fullmatch(r"([a-z0-9.-]+)(=|~)(.*)", word, re.DOTALL)
    if found is None:
        raise Trap("expected end of command")
    return found[1], found[2], unquoted(found[3])


def parsed(line: str, schema: Schema) -> str:
    """Return what `:put [:parse "…"]` prints of one command: its form, or what is wrong."""
    try:
        found = parse(line, schema)
        known = schema.command(found.path, found.command)
    except Trap as trap:
        if trap.message.startswith("no such command"):
            rest = _unknown(line, schema)
            place = re.search(rf"(?<![\w-]){re.escape(rest[0])}(?![\w-])", line)
            at = place.start() + 1 if place else 1
            named = ";".join(word for word in rest if "=" not in word)
            return f"(<%% bad command name {rest[0]} (line 1 column {at}) {named})"
        return f"{trap.message} (line 1 column {len(line)})"
    for key in found.values:
        if key not in known["args"] or not schema.since(found.path, found.command, [key]):
            # As recorded: behind the name where it is the first argument, else before it.
            first = next(iter(found.values)) == key
            column = line.index(f"{key}=") + 1 + (len(key) if first else 0)
            where = f"(line 1 column {column}) {found.path}/{found.command}"
            return f"(evl bad parameter {key} {where})"
    return f"(evl {found.path}/{found.command})"


def _unknown(line: str, schema: Schema) -> list[str]:
    """Return the words of a command from the first that no menu knows."""
    found = parse(line, schema)
    rest = line.strip("/").replace("/", " ").split()
    return rest[len(found.path.strip("/").split("/")) if found.path else 0 :]
