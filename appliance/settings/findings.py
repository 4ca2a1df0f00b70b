"""What a file of somebody else's format holds for us: settings, what is wrong, what has no use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.errors import ConfigError
from appliance.settings import config
from appliance.settings.tables import merge

# Stands where a secret was. Whoever reads the file sees what happened; we know it again.
TAKEN_OVER = "(taken over and removed)"

Tables = dict[str, dict[str, Any]]


@dataclass
class Findings:
    """Filled by a parser of one file.

    `tables` are settings as in glovebox.toml, each checked. `problems` ask the owner to act,
    `notes` tell of parts without a use here. `secrets` must not stay in the file.
    """

    file: str
    tables: Tables = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list, repr=False)

    def set(self, section: str, key: str, value: Any, place: str) -> None:
        """Take over a setting, or tell that what stands at `place` does not fit."""
        try:
            config.build({section: {key: value}}, f"{self.file}: {place} as")
        except ConfigError as error:
            self.problems.append(str(error))
        else:
            self.tables.setdefault(section, {})[key] = value

    def problem(self, place: str, what: str) -> None:
        """Tell what is wrong at `place`, and what to do instead."""
        self.problems.append(f"{self.file}: {place}: {what}")

    def note(self, place: str) -> None:
        """Tell that the part at `place` has no use here."""
        self.notes.append(f"{self.file}: {place} has no use here")

    def secret(self, value: Any, place: str) -> str | None:
        """Return a secret to take over; None, with the reason told, where there is none."""
        if value == TAKEN_OVER:
            self.problem(place, "it was taken over and removed here; to change it, write it anew")
            return None
        if not isinstance(value, str) or not value:
            self.problem(place, "expected a text in quotes")
            return None
        self.secrets.append(value)
        return value

    def network(self, ssid: Any, password: Any, hidden: Any, place: str) -> None:
        """Take over a Wi-Fi network; `password` None stands for an open one."""
        secret = None if password is None else self.secret(password, f"{place}.password")
        if password is not None and secret is None:
            return
        found = {"ssid": ssid, "password": secret or "", "hidden": hidden}
        known = self.tables.get("wifi", {}).get("networks", [])
        self.set("wifi", "networks", [*known, found], place)

    def password(self, value: Any, hashed: bool, place: str) -> None:
        """Take over the password of the page, in clear or as a hash by crypt(5)."""
        secret = self.secret(value, place)
        if secret is not None:
            self.set("web", "password_hash" if hashed else "password", secret, place)

    def keys(self, values: Any, place: str) -> None:
        """Take over public SSH keys, each by itself: one that is wrong does not keep others out."""
        if not isinstance(values, list):
            self.problem(place, "expected a list of public keys")
            return
        for value in values:
            known = self.tables.get("ssh", {}).get("keys", [])
            self.set("ssh", "keys", [*known, value.strip() if isinstance(value, str) else value],
                     place)  # fmt: skip


def merged(tables: Mapping[str, Mapping[str, Any]], above: Mapping[str, Any]) -> Tables:
    """Lay tables over others, key by key."""
    return merge(dict(tables), above)
