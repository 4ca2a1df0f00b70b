"""The owner's glovebox.toml: in force if it is right, else the last one that was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.errors import ConfigError
from appliance.settings import config, tomltext
from appliance.settings.findings import Tables, merged
from appliance.settings.redact import hash_in_place
from appliance.settings.tables import parse

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
    try:
        tables = check(content, NAME, below)
    except ConfigError as error:
        last = _last_good(kept, below)
        return Judgement(last.tables, (str(error), *last.problems))
    password = tables.get("web", {}).get("password")
    if not password:
        return Judgement(tables, keep=content)
    return _hide(content, tables, hashed(password))


def check(content: bytes, file: str, below: Mapping[str, Any]) -> Tables:
    """Return the tables of a file that can be used over `below`. Raises ConfigError."""
    tables = parse(content, file)
    config.build(merged(below, tables), file)
    return tables


def without_clear_password(tables: Tables, hashed: Hash) -> Tables:
    """Return `tables` with the hash of the page's password in the place of the password."""
    web = dict(tables.get("web", {}))
    password = web.pop("password", "")
    if password:
        web["password_hash"] = hashed(password)
    return {**tables, "web": web} if web else {k: v for k, v in tables.items() if k != "web"}


def _hide(content: bytes, tables: Tables, password_hash: str) -> Judgement:
    tables = without_clear_password(tables, lambda _: password_hash)
    text = hash_in_place(content.decode(), password_hash)
    if text is None:
        problem = f"{NAME}: [web] password: cannot be hidden as it is written; use one line"
        return Judgement(tables, (problem,), keep=tomltext.dumps(tables).encode())
    return Judgement(tables, keep=text.encode(), rewrite=text.encode())


def _last_good(kept: bytes | None, below: Mapping[str, Any]) -> Judgement:
    if kept is None:
        return Judgement({})
    try:
        return Judgement(check(kept, "the settings kept from before", below))
    except ConfigError as error:
        return Judgement({}, (str(error),))
