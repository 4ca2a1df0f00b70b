# SPDX-License-Identifier: MIT
"""What `glovebox selftest` publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class SelfTestReport(StatusFile):
    """A self-test that ended at `time` (since the epoch); `seconds` it took to each station."""

    NAME: ClassVar[str] = "selftest"

    time: float
    passed: bool
    verdict: str
    seconds: Mapping[str, float]
