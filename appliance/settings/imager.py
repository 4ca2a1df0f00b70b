# SPDX-License-Identifier: MIT
"""What Raspberry Pi Imager left on BOOT: taken over once, kept on DATA, its secrets removed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.settings import cloudinit, preseed
from appliance.settings.findings import Findings, Tables, added
from appliance.settings.redact import redacted_toml, redacted_yaml

INSTEAD = "write it into glovebox.toml, then delete this file"
# What other systems would carry out or read; some of these files hold passwords.
FOREIGN = {
    "firstrun.sh": f"scripts are never run here; {INSTEAD}",
    "custom.toml": f"not read here; {INSTEAD}",
    "userconf": f"there are no users here, only the page's password; {INSTEAD}",
    "userconf.txt": f"there are no users here, only the page's password; {INSTEAD}",
    "wpa_supplicant.conf": f"not read here; {INSTEAD}",
    "ssh": "SSH needs a public key; write it into glovebox.toml, then delete this file",
    "ssh.txt": "SSH needs a public key; write it into glovebox.toml, then delete this file",
}
PARSED: Mapping[str, Callable[[bytes], Findings]] = {
    # Later ones are laid over earlier ones.
    cloudinit.META_DATA: lambda content: cloudinit.parse(cloudinit.META_DATA, content),
    cloudinit.NETWORK_CONFIG: lambda content: cloudinit.parse(cloudinit.NETWORK_CONFIG, content),
    cloudinit.USER_DATA: lambda content: cloudinit.parse(cloudinit.USER_DATA, content),
    preseed.NAME: preseed.parse,
}
NAMES = (*PARSED, *FOREIGN)


@dataclass(frozen=True)
class TakenOver:
    """Imager's settings, what is wrong with them, and the files without their secrets."""

    tables: Tables = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rewrites: Mapping[str, bytes] = field(default_factory=dict)
    digest: str = ""

    def to_json(self) -> str:
        """Return what must be known at the next start."""
        kept = {"digest": self.digest, "tables": self.tables}
        return json.dumps({**kept, "problems": self.problems, "notes": self.notes})

    @classmethod
    def from_json(cls, text: str) -> TakenOver:
        """Return what `to_json` gave. Raises ValueError, KeyError or TypeError for all else."""
        values: dict[str, Any] = json.loads(text)
        return cls(
            tables={name: dict(table) for name, table in dict(values["tables"]).items()},
            problems=tuple(map(str, values["problems"])),
            notes=tuple(map(str, values["notes"])),
            digest=str(values["digest"]),
        )


def take_over(files: Mapping[str, bytes], before: TakenOver) -> TakenOver:
    """Return the settings in `files` (name → content), laid over those of `before`.

    Files that are as we left them say nothing new: their secrets are gone.
    """
    if not files:
        return TakenOver(before.tables)
    if digest(files) == before.digest:
        return before
    findings = [PARSED[name](files[name]) for name in PARSED if name in files]
    tables = before.tables
    for found in findings:
        tables = added(tables, found.tables)
    standing = _secrets(tables)
    rewrites = {each.file: _without_secrets(files[each.file], each, standing) for each in findings}
    changed = {name: content for name, content in rewrites.items() if content != files[name]}
    problems = [f"{name}: {FOREIGN[name]}" for name in FOREIGN if name in files]
    problems += [problem for found in findings for problem in found.problems]
    notes = [note for found in findings for note in found.notes]
    left = digest({**files, **changed})
    return TakenOver(tables, tuple(problems), tuple(notes), changed, left)


def _secrets(tables: Tables) -> set[str]:
    """Return every secret that stands in the settings."""
    web = tables.get("web", {})
    networks = tables.get("wifi", {}).get("networks", [])
    return {
        *(str(web[key]) for key in ("password", "password_hash") if web.get(key)),
        *(str(network["password"]) for network in networks if network.get("password")),
    }


def _without_secrets(content: bytes, found: Findings, standing: set[str]) -> bytes:
    """Return the file without those of its secrets that stand in the settings."""
    secrets = {written for written, taken in found.secrets.items() if taken in standing}
    if len(secrets) < len(found.secrets):
        found.problem("its password", "another file of Imager gives another one, which holds")
    if secrets & found.refused:
        found.problem(
            "its password", "a network that is not taken over has it too, so it stays here"
        )
    secrets -= found.refused
    if not secrets:
        return content
    redacted = redacted_toml if found.file == preseed.NAME else redacted_yaml
    text = redacted(content.decode(), secrets)
    if text is None:
        found.problem("its password", "cannot be removed here; delete the file on a PC")
        return content
    if any(secret in text for secret in secrets):
        found.problem("its password", "stands in it twice; remove it or delete the file on a PC")
    return text.encode()


def digest(files: Mapping[str, bytes]) -> str:
    """Return a sum over names and contents."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name} {len(files[name])}\n".encode() + files[name])
    return total.hexdigest()
