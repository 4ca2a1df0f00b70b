# SPDX-License-Identifier: MIT
"""How large a zone boards have room for."""

from __future__ import annotations

import pytest

from appliance.zone.room import most_records

MIB = 1 << 20


@pytest.mark.parametrize(
    ("memory", "names"), [(0, 0), (32, 0), (480, 49_000), (975, 100_000), (3800, 400_000)]
)
def test_names_by_board(memory: int, names: int) -> None:
    """A name has two records: its own, and that of all below it."""
    found = most_records(memory * MIB) / 2
    assert names <= found <= names * 1.2
