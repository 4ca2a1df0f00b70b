# SPDX-License-Identifier: MIT
"""News of alerts, and messages, for tests."""

from __future__ import annotations

from appliance.notify.message_line import RuleNews
from appliance.notify.message_text import OutgoingMessage

NOW = 1_795_166_783.0
MESSAGE = OutgoingMessage("alert", "box: High: SCAN", "192.0.2.1 to 192.0.2.2:443", 3, True)


def news(rule: str = "1:1", count: int = 1, priority: int = 1, at: float = NOW) -> RuleNews:
    return RuleNews(rule, f"Rule {rule}", priority, count, at, at, "192.0.2.1:4", "192.0.2.2:443")


# As long as one can get, of letters that take the most room in each count.
LONGEST = OutgoingMessage(
    "digest", "é" * 120, "\n".join(["😀" * 200, "é" * 200] * 11), 22_000, True
)
