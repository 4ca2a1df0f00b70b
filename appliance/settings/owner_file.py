# SPDX-License-Identifier: MIT
"""The owner's glovebox.toml: each section is in force if it is right, else as it last was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.settings import config, tomltext
from appliance.settings.examine import NOBODY, Examined, chunks, examine
from appliance.settings.findings import Tables, merged
from appliance.settings.redact import hash_in_place
from appliance.settings.remarks import remarks

NAME = "glovebox.toml"
Hash = Callable[[str], str]


@dataclass(frozen=True)
class Judgement:
    """The settings in force; what to keep on DATA and to write to BOOT where that differs."""

    tables: Tables
    problems: tuple[str, ...] = ()
    keep: bytes | None = field(default=None, repr=False)
    rewrite: bytes | None = field(default=None, repr=False)


def judge(
    content: bytes | None, kept: bytes | None, below: Mapping[str, Any], hashed: Hash
) -> Judgement:
    """Choose between the file on BOOT and the one kept from before.

    `content` is None where there is no file: it is then restored from the kept one. `below` are the
    settings that the file is laid over; `hashed` turns a password into its hash.
    """
    if content is None:
        last = _last_good(kept, below)
        return Judgement(last.tables, last.problems, rewrite=kept if not last.problems else None)
    found = examine(content, NAME, below)
    if not found.whole:
        return _partly(content, found, _last_good(kept, below), hashed)
    told = tuple(remarks(config.build(merged(below, found.tables)), NAME))
    password = found.tables.get("web", {}).get("password")
    if not password:
        return Judgement(found.tables, told, keep=content)
    return _hide(content, found.tables, hashed(password), told, whole=True)


def _partly(content: bytes, found: Examined, last: Judgement, hashed: Hash) -> Judgement:
    """Lay the sections that are right over the last good settings, and what guards of others."""
    tables = merged({}, last.tables)
    for name, table in found.tables.items():
        tables[name] = table
    for name, table in found.guards.items():
        # Where routers were named before, those may go on sending.
        if not (table == {"routers": NOBODY} and tables.get(name, {}).get("routers")):
            tables[name] = _guarded(tables.get(name, {}), table)
    problems = (*found.problems, *last.problems)
    if not found.tables and not found.guards:
        return Judgement(last.tables, problems)
    problems = (*problems, _in_force(found))
    password = tables.get("web", {}).get("password")
    if not password:
        return Judgement(tables, problems, keep=tomltext.dumps(tables).encode())
    return _hide(content, tables, hashed(password), problems, whole=False)


def _guarded(before: Mapping[str, Any], guards: Mapping[str, Any]) -> dict[str, Any]:
    """Lay what guards over a section; of the page's password there is one, clear or as a hash."""
    one = ("password", "password_hash")
    replaced = set(one) if guards.keys() & set(one) else set()
    return {**{key: value for key, value in before.items() if key not in replaced}, **guards}


def _in_force(found: Examined) -> str:
    """Say what of a file with errors holds."""
    right = ", ".join(f"[{name}]" for name in found.tables)
    guards = ", ".join(f"[{name}] {key}" for name, keys in found.guards.items() for key in keys)
    told = f"{NAME}: in force as written: {right or 'nothing'}"
    return f"{told}{f'; by itself: {guards}' if guards else ''}; all else is as it was before"


def without_clear_password(tables: Tables, hashed: Hash) -> Tables:
    """Return `tables` with the hash of the page's password in the place of the password."""
    web = dict(tables.get("web", {}))
    password = web.pop("password", "")
    if password:
        web["password_hash"] = hashed(password)
    return {**tables, "web": web} if web else {k: v for k, v in tables.items() if k != "web"}


def _hide(
    content: bytes, tables: Tables, password_hash: str, problems: tuple[str, ...], *, whole: bool
) -> Judgement:
    tables = without_clear_password(tables, lambda _: password_hash)
    text = _hidden(content.decode(), password_hash)
    if text is None:
        problem = f"{NAME}: [web] password: cannot be hidden as it is written; use one line"
        return Judgement(tables, (*problems, problem), keep=tomltext.dumps(tables).encode())
    keep = text if whole else tomltext.dumps(tables)
    return Judgement(tables, problems, keep=keep.encode(), rewrite=text.encode())


def _hidden(text: str, password_hash: str) -> str | None:
    """Replace the password in the whole text, or where that is wrong in its section alone."""
    whole = hash_in_place(text, password_hash)
    if whole is not None:
        return whole
    parts = [chunk.text for chunk in chunks(text)]
    names = [chunk.name for chunk in chunks(text)]
    if names.count("web") != 1:
        return None
    at = names.index("web")
    hidden = hash_in_place(parts[at], password_hash)
    return None if hidden is None else "\n".join([*parts[:at], hidden, *parts[at + 1 :]])


def _last_good(kept: bytes | None, below: Mapping[str, Any]) -> Judgement:
    if kept is None:
        return Judgement({})
    found = examine(kept, "the settings kept from before", below)
    return Judgement({**found.tables, **found.guards}, found.problems)
