# SPDX-License-Identifier: MIT
"""Frozen dataclasses as JSON and back, by their own types: what does not fit is refused whole.

One rule for all that services publish, so that a field is named in one place only. A whole number
is a count: never negative, at most what SQLite holds. A float is a time or a measure: finite, never
negative, below 1e11 (seconds since the epoch fit). A class that has a form of its own brings
`as_json()` and `from_json()`.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")

LARGEST_COUNT = (1 << 63) - 1
LARGEST_MEASURE = 1e11


def to_json(value: Any) -> Any:
    """Return `value` as json.dumps() takes it."""
    if hasattr(value, "as_json"):
        return value.as_json()
    if dataclasses.is_dataclass(value):
        return {part.name: to_json(getattr(value, part.name)) for part in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): to_json(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [to_json(each) for each in value]
    return value


def from_json(kind: type[T], value: Any) -> T:
    """Return what to_json() wrote of a `kind`. Raises ValueError that names what does not fit."""
    return typing.cast(T, _read(kind, value, kind.__name__))


def _read(kind: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _optional(kind, value, where)
    if origin is not None:
        return _container(origin, typing.get_args(kind), value, where)
    if hasattr(kind, "from_json"):
        return _own_form(kind, value, where)
    if dataclasses.is_dataclass(kind):
        return _dataclass(typing.cast("type[Any]", kind), value, where)
    return _plain(kind, value, where)


def _optional(kind: Any, value: Any, where: str) -> Any:
    wanted = [each for each in typing.get_args(kind) if each is not type(None)]
    return None if value is None else _read(wanted[0], value, where)


def _container(origin: Any, arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    if origin is tuple:
        _expect(isinstance(value, list), where, value, "a list")
        return tuple(_read(arguments[0], each, f"{where}[]") for each in value)
    _expect(isinstance(value, dict), where, value, "an object")
    return {key: _read(arguments[1], each, f"{where}.{key}") for key, each in value.items()}


def _own_form(kind: Any, value: Any, where: str) -> Any:
    try:
        return kind.from_json(value)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{where}: {error!r}") from error


def _dataclass(kind: type[Any], value: Any, where: str) -> Any:
    _expect(isinstance(value, dict), where, value, "an object")
    hints = _hints(typing.cast("Any", kind))
    _expect(value.keys() == hints.keys(), where, sorted(value), f"the keys {sorted(hints)}")
    return kind(
        **{name: _read(hint, value[name], f"{where}.{name}") for name, hint in hints.items()}
    )


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {part.name: hints[part.name] for part in dataclasses.fields(kind)}


def _plain(kind: Any, value: Any, where: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    if kind is float:
        # The comparison also refuses NaN and the infinities, which JSON of Python may hold.
        fits = type(value) in (int, float) and 0 <= value < LARGEST_MEASURE
        _expect(fits, where, value, "a number from 0")
        return float(value)
    _expect(type(value) is kind, where, value, f"a value of type {kind.__name__}")
    if kind is int:
        _expect(0 <= value <= LARGEST_COUNT, where, value, "a count")
    return value


def _expect(condition: bool, where: str, value: Any, expected: str) -> None:
    if not condition:
        raise ValueError(f"{where} = {value!r:.60}: expected {expected}")
