# SPDX-License-Identifier: MIT
"""The store of hosts opens as it was made."""

from __future__ import annotations

from pathlib import Path

from appliance.flows.schema import HOSTS, KEPT, Detail
from appliance.store import database


def test_a_new_store_knows_nobody() -> None:
    assert set(KEPT) == set(Detail)


def test_it_opens_again(tmp_path: Path) -> None:
    for _ in range(2):
        opened = database.open_to_write(tmp_path / "hosts.db", HOSTS)
        assert opened.execute("SELECT id, address FROM host").fetchall() == [(0, bytes(16))]
        opened.close()
