# SPDX-License-Identifier: MIT
"""What was decided of the newest download of each set, so that it is not tried again and again."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from appliance import files, shape

FILE = "verdicts.json"


class SetVerdictKind(enum.Enum):
    """HELD waits for the owner, who AGREED; REFUSED cannot be used; BACK was taken back by him.

    ON_TRIAL is what the engine has on trial, or had when the power went. FINE stood its test.
    """

    HELD = "held"
    AGREED = "agreed"
    REFUSED = "refused"
    BACK = "back"
    ON_TRIAL = "on trial"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class SetVerdict:
    """What was decided of the download that `digest` names, and `why`, in words."""

    digest: str
    kind: SetVerdictKind
    why: str = ""


@dataclass(frozen=True)
class _Kept:
    verdicts: dict[str, SetVerdict] = field(default_factory=dict)


@dataclass(frozen=True)
class SetVerdicts:
    """The verdicts on DATA, one for each set."""

    folder: Path

    def read(self) -> Mapping[str, SetVerdict]:
        """Return all; none where they cannot be read."""
        try:
            content = json.loads((self.folder / FILE).read_bytes())
            return shape.from_json(_Kept, content).verdicts
        except (OSError, ValueError, RecursionError):
            return {}

    def of(self, name: str, digest: str) -> SetVerdict | None:
        """Return what was decided of this download of a set."""
        found = self.read().get(name)
        return found if found is not None and found.digest == digest else None

    def note(self, name: str, verdict: SetVerdict) -> None:
        """Keep a verdict, in the place of the one before. Raises OSError."""
        kept = {**self.read(), name: verdict}
        text = json.dumps(shape.to_json(_Kept(kept)))
        files.write_durable(self.folder / FILE, text, 0o640)
