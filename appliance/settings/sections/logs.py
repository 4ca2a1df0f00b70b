# SPDX-License-Identifier: MIT
"""Whose logs are taken, and how long what they tell is kept."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.settings.sections.fit import Address, expect

MOST = 32


@dataclass(frozen=True)
class LogsConfig:
    sources: tuple[Address, ...] = ()
    words: tuple[str, ...] = ()
    keep_days: int = 30

    def __post_init__(self) -> None:
        expect(len(self.sources) <= MOST, "sources", len(self.sources), f"at most {MOST}")
        for each in self.sources:
            host = not (each.is_unspecified or each.is_multicast)
            expect(host, "sources", str(each), "the address of a router or a honeypot")
        expect(len(self.words) <= MOST, "words", len(self.words), f"at most {MOST}")
        for word in self.words:
            expect(0 < len(word) <= 64, "words", word, "words of 1 to 64 characters")
        expect(1 <= self.keep_days <= 366, "keep_days", self.keep_days, "1 to 366")
