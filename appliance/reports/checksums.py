# SPDX-License-Identifier: MIT
"""What the receiver finds of the frames' checksums, and whether the engine heeds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class ChecksumsReport(StatusFile):
    """Of the last `looked_at` frames that were looked at, `wrong` have a wrong checksum.

    `ignored`: so many that the engine has to inspect them all the same.
    """

    NAME: ClassVar[str] = "checksums"

    looked_at: int = 0
    wrong: int = 0
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class EngineChecksumsReport(StatusFile):
    """How the engine was started: `ignored`, it inspects frames with wrong checksums too."""

    NAME: ClassVar[str] = "ids-checksums"

    ignored: bool = False
