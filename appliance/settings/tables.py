"""TOML tables: read from files, laid over each other, turned into frozen dataclasses."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from collections.abc import Mapping
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any, Literal

from appliance.errors import ConfigError
from appliance.settings.sections.fit import Address, Interface, Network, Unfit, expect

LARGEST_FILE = 1 << 20
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
            content = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    return parse(content, str(file))


def parse(content: bytes, file: str) -> dict[str, Any]:
    """Parse TOML; accepts a byte-order mark and Windows line ends. Raises ConfigError."""
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"{file}: larger than {LARGEST_FILE} bytes")
    try:
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{file}: {error}") from error


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay tables of settings over others, key by key."""
    merged = dict(below)
    for name, table in above.items():
        both = isinstance(table, dict) and isinstance(merged.get(name), dict)
        merged[name] = {**merged[name], **table} if both else table
    return merged


def section(kind: type[Any], table: Mapping[str, Any]) -> Any:
    """Make a section of its table; types and defaults are the dataclass's. Raises Unfit."""
    hints = typing.get_type_hints(kind)
    for key in table:
        if key not in hints:
            raise Unfit(f"{key}: no such key; there are {names(hints)}")
    for part in dataclasses.fields(kind):
        if part.default is dataclasses.MISSING and part.name not in table:
            raise Unfit(f"{part.name}: missing")
    return kind(**{key: _convert(key, value, hints[key]) for key, value in table.items()})


def _convert(key: str, value: Any, wanted: Any) -> Any:
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is tuple:
        expect(isinstance(value, list), key, value, "a list […]")
        return tuple(_convert(key, item, arguments[0]) for item in value)
    if dataclasses.is_dataclass(wanted):
        expect(isinstance(value, dict), key, value, "a table { … }")
        return section(typing.cast("type[Any]", wanted), value)
    if origin is Literal:
        expect(value in arguments, key, value, " or ".join(map(repr, arguments)))
        return value
    if origin in (typing.Union, types.UnionType):
        return _parse_address(key, value, wanted)
    expect(type(value) is wanted, key, value, f"a value of type {wanted.__name__}")
    return value


def _parse_address(key: str, value: Any, wanted: Any) -> Any:
    parse, expected = ADDRESSES[wanted]
    expect(isinstance(value, str), key, value, f"{expected} in quotes")
    try:
        return parse(value)
    except ValueError:
        raise Unfit(f"{key} = {value!r}: expected {expected}") from None


def names(names: Mapping[str, object]) -> str:
    """Return names for people."""
    return ", ".join(names)
