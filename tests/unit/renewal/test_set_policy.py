# SPDX-License-Identifier: MIT
"""Which newer versions of a set wait for the owner."""

from __future__ import annotations

import pytest

from appliance.renewal.set_policy import hold


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        (0, 10, ""), (39, 0, ""), (100, 51, ""), (100, 50, "half"), (100, 0, "half"),
        (100, 300, ""), (100, 301, "three times"), (30_000, 31_000, ""),
    ],
)  # fmt: skip
def test_what_lost_half_or_tripled_waits(before: int, now: int, why: str) -> None:
    assert why in hold(before, now) and bool(why) == bool(hold(before, now))
