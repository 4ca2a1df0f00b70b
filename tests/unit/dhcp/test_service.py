"""The guard's small parts; it works in tests/net/test_dhcp_guard.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.dhcp.service import is_answering, main, random_station


def test_random_station_is_locally_administered_and_no_group() -> None:
    stations = {random_station() for _ in range(200)}
    assert len(stations) == 200
    assert all(station[0] & 3 == 2 and len(station) == 6 for station in stations)


def test_main_wants_a_port() -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])


def test_is_answering_by_the_table_of_the_kernel(tmp_path: Path) -> None:
    table = tmp_path / "udp"
    head = "  sl  local_address rem_address   st\n"
    table.write_text(head + "  1: 00000000:0043 00000000:0000 07\n")
    assert is_answering(table)
    table.write_text(head + "  1: 00000000:0044 00000000:0043 07\n")
    assert not is_answering(table)
    assert not is_answering(tmp_path / "absent")
