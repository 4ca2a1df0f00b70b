# SPDX-License-Identifier: MIT
"""What glovebox-probation publishes of new network settings, and the same in words."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import ClassVar

from appliance import words
from appliance.reports.statusfile import StatusFile


class TrialEnd(enum.Enum):
    """What came of a trial."""

    PENDING = "pending"
    WORKS = "works"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ProbationReport(StatusFile):
    """New network settings: how their trial stands, in how many seconds it ends, and why it did."""

    NAME: ClassVar[str] = "probation"

    verdict: TrialEnd
    left: float
    reason: str = ""

    @property
    def sentence(self) -> str:
        """Say in a sentence how it stands."""
        if self.verdict is TrialEnd.WORKS:
            return f"The new network settings work: {self.reason}."
        if self.verdict is TrialEnd.FAILED:
            return "The new network settings reached nobody: those before are in force again."
        return (
            f"New network settings are on trial: those before come back in"
            f" {words.duration(self.left)}, unless a gateway answers or somebody opens the page."
        )
