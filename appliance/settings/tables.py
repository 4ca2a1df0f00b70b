# SPDX-License-Identifier: MIT
"""TOML tables: read from files, laid over each other, turned into frozen dataclasses."""

from __future__ import annotations

import dataclasses
import functools
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any, Literal

from appliance.errors import ConfigError
from appliance.settings import tomlwords
from appliance.settings.sections.fit import Address, Interface, Network, Unfit, expect, is_secret

_PASSWORDS = frozenset({"password", "passphrase"})
# An IPv4 address as people write it: with zeros in front, its network or a port behind.
_WRITTEN = re.compile(r"\s*(\d{1,3}(?:\.\d{1,3}){3})(/\d{1,2})?(?::\d{1,5})?\s*", re.ASCII)
LIST = "a list like [{ … }, { … }], or a section with two brackets [[…]]"
_KINDS: Mapping[Any, str] = {
    str: 'a text in quotes, like "this"',
    bool: "true or false, without quotes",
    int: "a whole number, without quotes",
    float: "a number with a point, without quotes",
}
ADDRESSES: Mapping[Any, tuple[Any, str]] = {
    Address: (ip_address, "an IP address"),
    Interface: (ip_interface, "an address with its network like 192.168.88.5/24"),
    Network: (ip_network, "a network like 10.0.0.0/8"),
}


def read(file: Path) -> dict[str, Any]:
    """Parse one TOML file; accepts a byte-order mark and Windows line ends.

    Raises ConfigError for what is unreadable, too large, not UTF-8 or not TOML, and
    FileNotFoundError.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(tomlwords.LARGEST_FILE + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    return parse(content, str(file))


def parse(content: bytes, file: str) -> dict[str, Any]:
    """Parse TOML; accepts a byte-order mark and Windows line ends. Raises ConfigError."""
    text = tomlwords.decoded(content, file)
    try:
        return tomllib.loads(text)
    # Also ValueError: for a number of thousands of digits.
    except (ValueError, RecursionError) as error:
        # The words of the library quote the file, and a password may stand where it stumbles.
        raise ConfigError(f"{file}: {tomlwords.explained(text, error)}") from None


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay tables of settings over others, key by key."""
    merged = dict(below)
    for name, table in above.items():
        both = isinstance(table, dict) and isinstance(merged.get(name), dict)
        merged[name] = {**merged[name], **table} if both else table
    return merged


# Ends of lines, control characters, halves of characters, and what turns the text around it
# (Unicode, UAX #9): they go into pages, files of other programs and scripts of routers.
_TURNS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def hints_of(kind: type[Any]) -> Mapping[str, Any]:
    """Return the types of a section's keys."""
    return _hints(typing.cast("Any", kind))


@functools.cache
def _hints(kind: Any) -> Mapping[str, Any]:
    # Once for all files: every service reads them, and waits for it.
    return typing.get_type_hints(kind)


def section(kind: type[Any], table: Mapping[str, Any], within: str = "") -> Any:
    """Make a section of its table; types and defaults are the dataclass's. Raises Unfit.

    `within` is the key at which a table inside another stands.
    """
    hints = hints_of(kind)
    for key in table:
        if key not in hints:
            place = f"{within}: " if within else ""
            raise Unfit(
                f"{place}{_named(key, within, hints)}: no such key{_meant(key, hints)};"
                f" {_those(hints)}"
            )
    for part in dataclasses.fields(kind):
        if "empty" in part.metadata and table.get(part.name) == "":
            raise Unfit(f"{part.name}: empty; {part.metadata['empty']}")
        if part.default is dataclasses.MISSING and part.name not in table:
            raise Unfit(f"{part.name}: missing")
    made = kind(**{key: _convert(key, value, hints[key]) for key, value in table.items()})
    # Last, so that what a section says of itself comes first.
    for key in table:
        _one_line(key, getattr(made, key))
    return made


def _one_line(key: str, value: Any) -> None:
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str):
            expect(not _TURNS.search(text), key, text, "one line of visible characters")


def _convert(key: str, value: Any, wanted: Any) -> Any:
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is tuple:
        expect(
            isinstance(value, list), key, value, LIST if isinstance(value, dict) else "a list […]"
        )
        return tuple(_convert(key, item, arguments[0]) for item in value)
    if dataclasses.is_dataclass(wanted):
        expect(isinstance(value, dict), key, value, "a table { … }")
        return section(typing.cast("type[Any]", wanted), value, key)
    if origin is Literal:
        expect(value in arguments, key, value, " or ".join(map(repr, arguments)))
        return value
    if origin in (typing.Union, types.UnionType):
        return _parse_address(key, value, wanted)
    expect(type(value) is wanted, key, value, _KINDS[wanted])
    if wanted is int:
        expect(abs(value) < 1 << 63, key, value, "a smaller number")
    if wanted is str:
        # Halves of characters cannot be written, not even to say how long the text is.
        expect(not re.search("[\ud800-\udfff]", value), key, value, "one line of whole letters")
    return value


def _parse_address(key: str, value: Any, wanted: Any) -> Any:
    parse, expected = ADDRESSES[wanted]
    expect(isinstance(value, str), key, value, f"{expected} in quotes")
    # ipaddress takes anything for a zone (%eth0); it goes into files of other programs.
    plain = len(value) <= 64 and re.fullmatch(r"[0-9A-Fa-f:./]+(%[\w.-]+)?", value, re.ASCII)
    # Without its network an address reaches nobody: it would be one of 2^32.
    whole = "/" in value or wanted is not Interface
    try:
        found = parse(value) if plain and whole else None
    except ValueError:
        found = None
    expect(found is not None, key, value, f"{expected}{_address_meant(wanted, value)}")
    return found


def _address_meant(wanted: Any, value: str) -> str:
    """Say which address or network is most likely meant; empty where none shows."""
    try:
        if wanted == Network:
            return f"; perhaps {ip_network(value, strict=False)}"
        found = _WRITTEN.fullmatch(value)
        if found is None or (wanted == Interface and not found[2]):
            return ""
        bare = ".".join(str(int(part)) for part in found[1].split("."))
        return f"; perhaps {ADDRESSES[wanted][0](bare + found[2] if wanted == Interface else bare)}"
    except ValueError:
        return ""


def _named(key: str, within: str, hints: Mapping[str, object]) -> str:
    """Return an unknown key; where a password belongs, it may be one itself."""
    beside = _PASSWORDS & hints.keys() and not re.fullmatch("[A-Za-z_-]+", key)
    hidden = (is_secret(within) or beside) and not _near(key, hints)
    return "…" if hidden else short(key)


def _those(hints: Mapping[str, object]) -> str:
    return f"there are {names(hints)}"


def short(key: str) -> str:
    """Return a key of the owner's for an error, within bounds."""
    return key if len(key) <= 40 else f"{key[:40]}…"


def _near(key: str, hints: Mapping[str, object]) -> str:
    import difflib  # Where it is needed: most settings are right, and the whole start waits for us.

    found = difflib.get_close_matches(key.lower()[:40], list(hints), n=1, cutoff=0.75)
    return f' (perhaps "{found[0]}" is meant)' if found else ""


def _meant(key: str, hints: Mapping[str, object]) -> str:
    """Say where a key belongs that stands one level too high, or which one it is like."""
    for name, kind in hints.items():
        for part in typing.get_args(kind):
            if dataclasses.is_dataclass(part) and key in hints_of(typing.cast("type[Any]", part)):
                return f"; it stands inside {name} = [{{ {key} = …, … }}]"
    return _near(key, hints)


def names(names: Mapping[str, object]) -> str:
    """Return names for people."""
    return ", ".join(names)
