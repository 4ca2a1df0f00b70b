# SPDX-License-Identifier: MIT
"""What a file of somebody else's format holds for us: settings, what is wrong, what has no use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.errors import ConfigError
from appliance.settings import config
from appliance.settings.sections.web import PASSWORD_HASH
from appliance.settings.tables import merge

# Stands where a secret was. Whoever reads the file sees what happened; we know it again.
TAKEN_OVER = "(taken over and removed)"

_NO_HASH = (
    "expected the whole of a hash as crypt(5) makes it, which begins with $y$, $6$, $5$ or $2b$; or"
    " the password in clear"
)
_IS_HASH = (
    "this is a hash, not the password in clear; say so"
    " (hashed_passwd, or password_encrypted = true)"
)

# What is no part of a key's name.
_VALUE = re.compile(r":?\s*[\"'|>{},=].*", re.DOTALL)

Tables = dict[str, dict[str, Any]]


@dataclass
class Findings:
    """Filled by a parser of one file.

    `tables` are settings as in glovebox.toml, each checked. `problems` ask the owner to act,
    `notes` tell of parts without a use here. `secrets` were taken over (as they stand in the file
    → as in `tables`), and must not stay in the file, except where a network that was `refused`
    has the same one: nothing is wiped that was not taken over.
    """

    file: str
    tables: Tables = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    refused: set[str] = field(default_factory=set, repr=False)

    def set(self, section: str, key: str, value: Any, place: str) -> bool:
        """Take over a setting, or tell that what stands at `place` does not fit."""
        known = self.tables.get(section, {})
        try:
            tables = {section: {**known, key: value}}
            config.build(tables, f"{self.file}: {place} as", of_owner=False)
        except ConfigError as error:
            self.problems.append(str(error))
            return False
        self.tables[section] = {**known, key: value}
        return True

    def problem(self, place: str, what: str) -> None:
        """Tell what is wrong at `place`, and what to do instead."""
        self.problems.append(f"{self.file}: {_without_values(place)}: {what}")

    def note(self, place: str) -> None:
        """Tell that the part at `place` has no use here."""
        self.notes.append(f"{self.file}: {_without_values(place)} has no use here")

    def secret(self, value: Any, place: str) -> str | None:
        """Return a secret to take over; None, with the reason told, where there is none."""
        if value == TAKEN_OVER:
            self.problem(place, "it was taken over and removed here; to change it, write it anew")
            return None
        if value == "":
            self.problem(place, "it is missing or empty; write it, in quotes")
            return None
        if not isinstance(value, str):
            self.problem(place, "expected a text in quotes")
            return None
        return value

    def network(self, ssid: Any, password: Any, hidden: Any, place: str) -> None:
        """Take over a Wi-Fi network; `password` None stands for an open one.

        What is not UTF-8 in `ssid` comes as surrogates (PEP 383).
        """
        secret = None if password is None else self.secret(password, f"{place}.password")
        if password is not None and secret is None:
            return
        found = {**_named(ssid), **({"password": secret} if secret else {}), "hidden": hidden}
        known = self.tables.get("wifi", {}).get("networks", [])
        if found in known:
            return
        if any(_same_name(found, each) for each in known):
            self.problem(place, "this network stands there twice; the first one is taken")
        elif self.set("wifi", "networks", [*known, found], place) and secret:
            self.secrets[secret] = secret

    def password(self, value: Any, hashed: bool, place: str) -> None:
        """Take over the password of the page, in clear or as a hash by crypt(5)."""
        secret = self.secret(value, place)
        if secret is None:
            return
        taken = secret.strip() if hashed else secret
        if hashed != bool(PASSWORD_HASH.fullmatch(taken)):
            self.problem(place, _NO_HASH if hashed else _IS_HASH)
            return
        known = self.tables.get("web", {})
        if known and taken not in known.values():
            self.problem(place, "there is one password, that of the page; the first one is taken")
        elif self.set("web", "password_hash" if hashed else "password", taken, place):
            self.secrets[secret] = taken

    def keys(self, values: Any, place: str) -> None:
        """Take over public SSH keys, each by itself: one that is wrong does not keep others out."""
        values = values.splitlines() if isinstance(values, str) else values
        if not isinstance(values, list):
            self.problem(place, "expected a list of public keys")
            return
        for value in values:
            key = value.strip() if isinstance(value, str) else value
            known = self.tables.get("ssh", {}).get("keys", [])
            # As in authorized_keys: empty lines and remarks mean nothing.
            if key in known or (isinstance(key, str) and (not key or key.startswith("#"))):
                continue
            self.set("ssh", "keys", [*known, key], place)


def _without_values(place: str) -> str:
    """Return a place up to where a missing line end or colon has put a value into its key."""
    return place if "password" not in place and "passwd" not in place else _VALUE.sub("…", place)


def _named(ssid: Any) -> dict[str, Any]:
    """Return the setting for a network's name: as text where its octets are one."""
    if isinstance(ssid, str):
        octets = ssid.encode("utf-8", "surrogateescape")
        if octets.decode("utf-8", "replace") != ssid:
            return {"ssid_hex": octets.hex()}
    return {"ssid": ssid}


def _same_name(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("ssid", "ssid_hex"))


def usable(tables: Mapping[str, Mapping[str, Any]]) -> tuple[Tables, list[str]]:
    """Return the settings that can be used, and what is wrong with those that cannot."""
    found = Findings("kept from before")
    for name, table in tables.items():
        for key, written in table.items():
            value = _open_ones(written) if (name, key) == ("wifi", "networks") else written
            if found.set(name, key, value, f"[{name}] {key}") or not isinstance(value, list):
                continue
            items = [item for item in value if Findings("").set(name, key, [item], "")]
            if items:
                found.set(name, key, items, f"[{name}] {key}")
    return found.tables, found.problems


def _open_ones(networks: Any) -> Any:
    """Return networks without the empty passwords that earlier versions wrote of open ones."""
    if not isinstance(networks, list):
        return networks
    return [
        {key: value for key, value in each.items() if (key, value) != ("password", "")}
        if isinstance(each, dict)
        else each
        for each in networks
    ]


def merged(tables: Mapping[str, Mapping[str, Any]], above: Mapping[str, Any]) -> Tables:
    """Lay tables over others, key by key."""
    return merge(dict(tables), above)


def added(tables: Tables, above: Tables) -> Tables:
    """Lay what a file gives over what was taken over before.

    There is one password, in clear or as a hash; networks that are no longer named stay, because
    their passwords are no longer in the file.
    """
    result = merged(tables, above)
    if {"password", "password_hash"} & above.get("web", {}).keys():
        result["web"] = dict(above["web"])
    networks = above.get("wifi", {}).get("networks", [])
    before = tables.get("wifi", {}).get("networks", [])
    kept = [each for each in before if not any(_same_name(each, other) for other in networks)]
    if kept and networks:
        result["wifi"] = {**result["wifi"], "networks": [*networks, *kept]}
    return result
