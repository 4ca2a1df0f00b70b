# SPDX-License-Identifier: MIT
"""What the owner calls his devices: by MAC address, or by address where none is known.

The page keeps it on DATA. Each name remembers the one before it, so that a change can be undone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from appliance import files, shape
from appliance.devices.announced import LONGEST_NAME
from appliance.errors import GloveboxError

FOLDER = Path(os.environ.get("GLOVEBOX_NAMES_DIRECTORY", "/var/lib/glovebox/device-names"))
NAME = "names.json"
MOST = 2000
LARGEST_FILE = 1 << 20


class OwnerNameError(GloveboxError):
    """A name cannot be kept; the message says why."""


@dataclass(frozen=True, slots=True)
class OwnerName:
    """What a device is called, empty for nothing, and what it was called before."""

    name: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class OwnerNames:
    """All names, by MAC address or address."""

    names: dict[str, OwnerName] = field(default_factory=dict)


def read(folder: Path) -> Mapping[str, OwnerName]:
    """Return the names; none where there is no file. Raises OwnerNameError."""
    try:
        with (folder / NAME).open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ValueError("the file is too large")
        return shape.from_json(OwnerNames, json.loads(content)).names
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise OwnerNameError(f"the names cannot be read: {error}") from error


def rename(folder: Path, key: str, name: str) -> None:
    """Call a device by a name; an empty one takes the owner's word back. Raises OwnerNameError."""
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if len(cleaned) > LONGEST_NAME:
        raise OwnerNameError(f"the name has {len(cleaned)} letters: at most {LONGEST_NAME}")
    names = dict(read(folder))
    names[key] = OwnerName(cleaned, names.get(key, OwnerName("")).name)
    if len(names) > MOST:
        names = _without_empty(names)
    if len(names) > MOST:
        raise OwnerNameError(f"{MOST} devices have a name already")
    try:
        content = json.dumps(shape.to_json(OwnerNames(names)), ensure_ascii=False)
        files.write_durable(folder / NAME, content, 0o640)
    except OSError as error:
        raise OwnerNameError(f"the name cannot be kept: {error.strerror}") from error


def undo(folder: Path, key: str) -> None:
    """Call a device what it was called before the last change. Raises OwnerNameError."""
    rename(folder, key, read(folder).get(key, OwnerName("")).before)


def _without_empty(names: Mapping[str, OwnerName]) -> dict[str, OwnerName]:
    return {key: each for key, each in names.items() if each.name}
