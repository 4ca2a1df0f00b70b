# SPDX-License-Identifier: MIT
"""The films, and how players see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from appliance.settings.sections.fit import expect


@dataclass(frozen=True)
class MediaConfig:
    enabled: bool = True
    name: str = "Glovebox"
    kinds: tuple[Literal["video", "audio", "pictures"], ...] = ("video", "audio", "pictures")
    folders: bool = True

    def __post_init__(self) -> None:
        fits = 0 < len(self.name.encode()) <= 63 and self.name.isprintable()
        fits = fits and self.name == self.name.strip() and not set(self.name) & set("<>&")
        expect(fits, "name", self.name, "1 to 63 bytes on one line, without < > &")
        once = bool(self.kinds) and len(set(self.kinds)) == len(self.kinds)
        expect(once, "kinds", list(self.kinds), "at least one kind, each once")
