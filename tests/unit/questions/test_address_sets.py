# SPDX-License-Identifier: MIT
"""Sets as text, and as columns."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.questions import address_sets


def test_entries_are_put_together() -> None:
    lines = ["10.0.0.0/25", "10.0.0.128/25 # ours", "", "# none", "192.0.2.1-192.0.2.2",
             "2001:db8::/33", "2001:db8:8000::/33"]  # fmt: skip
    assert address_sets.parse(lines, "x") == [
        ip_network("10.0.0.0/24"), ip_network("192.0.2.1/32"), ip_network("192.0.2.2/32"),
        ip_network("2001:db8::/32"),
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["x", "10.0.0.0/40", "1.2.3.4-::1", "2.2.2.2-1.1.1.1", "a-b-c"])
def test_a_wrong_line_is_named(line: str) -> None:
    with pytest.raises(InputError, match="list, line 2"):
        address_sets.parse(["10.0.0.1", line], "list")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        address_sets.read(tmp_path / "none")


def test_as_columns() -> None:
    found = address_sets.columns([ip_network("10.0.0.0/24"), ip_network("2001:db8::/32")])
    assert found.high.tolist() == [0, 0x20010DB8 << 32]
    assert found.low.tolist() == [0xFFFF << 32 | 10 << 24, 0]
    assert found.bits.tolist() == [120, 32]
