# SPDX-License-Identifier: MIT
"""Small status files that services share, written whole and renamed into place.

What a file holds is a frozen dataclass that derives from `StatusFile`; whoever writes the file and
whoever reads it use that one class.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from appliance import files, shape
from appliance.errors import GloveboxError

RUNTIME_DIRECTORY = Path(os.environ.get("GLOVEBOX_RUNTIME_DIRECTORY", "/run/glovebox"))


def publish(name: str, values: Mapping[str, Any], directory: Path = RUNTIME_DIRECTORY) -> None:
    """Write `values` as `<directory>/<name>.json`; readers see the old file or the new, never half.

    No fsync: the directory is a tmpfs. Raises OSError where the directory is missing or full.
    """
    text = json.dumps(values, separators=(",", ":")) + "\n"
    files.write_whole(directory / f"{name}.json", text, 0o644)


def read(name: str, directory: Path = RUNTIME_DIRECTORY) -> dict[str, Any] | None:
    """Return what `name` last published, or None where there is nothing readable."""
    try:
        values = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


class NotPublishedError(GloveboxError):
    """A service has published nothing that can be read; the message says so to people."""


class StatusFile:
    """A frozen dataclass that one service publishes as `<directory>/<NAME>.json`."""

    NAME: ClassVar[str]

    @property
    def file_name(self) -> str:
        """The name of the file without `.json`; differs from NAME where there are several."""
        return self.NAME

    def publish(self, directory: Path = RUNTIME_DIRECTORY) -> None:
        """Write the file for all readers. Raises OSError where that cannot be."""
        publish(self.file_name, shape.to_json(self), directory)

    @classmethod
    def require(cls, directory: Path = RUNTIME_DIRECTORY) -> Self:
        """Return what was last published. Raises NotPublishedError."""
        return cls.require_named(cls.NAME, directory)

    @classmethod
    def require_named(cls, file_name: str, directory: Path = RUNTIME_DIRECTORY) -> Self:
        """Return what was last published in one of several files. Raises NotPublishedError."""
        values = read(file_name, directory)
        if values is None:
            raise NotPublishedError(f"glovebox-{file_name} has published nothing")
        try:
            return shape.from_json(cls, values)
        except ValueError as error:
            # Of another version, or damaged: no figure of it can be trusted.
            raise NotPublishedError(f"{file_name}.json cannot be read: {error}") from error

    @classmethod
    def read(cls, directory: Path = RUNTIME_DIRECTORY) -> Self | None:
        """Return what was last published, or None where there is nothing that can be trusted."""
        return cls.read_named(cls.NAME, directory)

    @classmethod
    def read_named(cls, file_name: str, directory: Path = RUNTIME_DIRECTORY) -> Self | None:
        """Return what was last published in one of several files, or None, as read() does."""
        try:
            return cls.require_named(file_name, directory)
        except NotPublishedError:
            return None
