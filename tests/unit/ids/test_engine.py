# SPDX-License-Identifier: MIT
from __future__ import annotations

from appliance.ids.engine import EngineCount


def test_seen_is_what_was_not_lost() -> None:
    assert EngineCount(offered=100, lost=30).seen == 70
