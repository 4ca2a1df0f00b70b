"""Small status files that services share, written whole and renamed into place."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RUNTIME_DIRECTORY = Path(os.environ.get("GLOVEBOX_RUNTIME_DIRECTORY", "/run/glovebox"))


def publish(name: str, values: Mapping[str, Any], directory: Path = RUNTIME_DIRECTORY) -> None:
    """Write `values` as `<directory>/<name>.json`; readers see the old file or the new, never half.

    No fsync: the directory is a tmpfs. Raises OSError where the directory is missing or full.
    """
    temporary = directory / f".{name}.json.{os.getpid()}"
    temporary.write_text(json.dumps(values, separators=(",", ":")) + "\n", encoding="utf-8")
    os.chmod(temporary, 0o644)
    os.replace(temporary, directory / f"{name}.json")


def read(name: str, directory: Path = RUNTIME_DIRECTORY) -> dict[str, Any] | None:
    """Return what `name` last published, or None where there is nothing readable."""
    try:
        values = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None
