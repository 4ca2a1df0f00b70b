# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from appliance.ids.engine import EngineCount
from appliance.supervisor.observations import NotKnownError, Unknown, known


def test_known_returns_what_is_known() -> None:
    assert known(0) == 0
    with pytest.raises(NotKnownError, match="the reason"):
        known(Unknown("the reason"))


def test_engine_count_saw_what_it_did_not_lose() -> None:
    assert EngineCount(offered=100, lost=30).seen == 70
