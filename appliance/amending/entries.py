# SPDX-License-Identifier: MIT
"""What is filled into a field, as a value of glovebox.toml, and back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from appliance.amending.fields import CHOICE, LINES, NUMBER, TOML, TRUTH, SettingField
from appliance.errors import ConfigError
from appliance.settings import tables, tomltext

YES, NO = "true", "false"
_HEAD = "[x]\nx = "


def toml(value: Any) -> str:
    """Return a value as TOML writes it."""
    return tomltext.dumps({"x": {"x": value}})[len(_HEAD) :].strip()


def shown(field: SettingField, value: Any) -> str:
    """Return what stands in the field for a value."""
    if field.kind == TRUTH:
        return YES if value else NO
    if field.kind == LINES:
        return "\n".join(map(field.mask or str, value))
    if field.kind == TOML:
        return "[\n" + "".join(f"  {toml(each)},\n" for each in value) + "]" if value else ""
    return str(value)


def value_of(field: SettingField, text: str, before: Sequence[str] = ()) -> Any:
    """Return the value of what was filled in. Raises ValueError with what was expected.

    A line that shows one of `before` with its mask stands for that one.
    """
    given = text.replace("\r\n", "\n").strip() if field.kind != "text" else text.strip()
    if field.kind == TRUTH:
        return _truth(given)
    if field.kind == NUMBER:
        return _number(given)
    if field.kind == LINES:
        found = [line.strip() for line in given.split("\n") if line.strip()]
        if field.mask:
            masked = {field.mask(each): each for each in before}
            found = [masked.get(line, line) for line in found]
        return [_number(line) for line in found] if field.is_number else found
    if field.kind == TOML:
        return _tables(field, given)
    if field.kind == CHOICE and given not in field.choices:
        raise ValueError(f"expected {' or '.join(map(repr, field.choices))}")
    return given


def _truth(text: str) -> bool:
    if text not in (YES, NO):
        raise ValueError("expected yes or no")
    return text == YES


def _number(text: str) -> int:
    plain = text.replace(",", "").replace("_", "").replace(" ", "")
    if not (plain.removeprefix("-").isascii() and plain.removeprefix("-").isdigit()):
        raise ValueError(f"'{text[:40]}': expected a number")
    if len(plain) > 18:
        raise ValueError("expected a smaller number")
    return int(plain)


def _tables(field: SettingField, text: str) -> Any:
    if not text:
        return []
    try:
        found = tables.parse(f"{field.key} = {text}\n".encode("utf-8", "replace"), "the field")
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("the field: ")) from error
    if found.keys() != {field.key} or not isinstance(found[field.key], list):
        raise ValueError("expected one list like [{ … }, { … }]")
    return found[field.key]
