# SPDX-License-Identifier: MIT
"""The devices on DATA."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.devices import kept_devices
from appliance.reports.devices import HeardDevice

DEVICE = HeardDevice("192.168.1.20", "00:00:0c:12:34:56", "phone", "DHCP", 1.0, 2.0)


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    assert kept_devices.read(tmp_path) == ()
    kept_devices.keep(tmp_path, [DEVICE])
    assert kept_devices.read(tmp_path) == (DEVICE,)


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 9000, b'{"devices": [1]}', b"x" * (2 << 20)])
def test_a_damaged_file_is_told_and_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / kept_devices.NAME).write_bytes(content)
    assert kept_devices.read(tmp_path) == ()
    assert "begin anew" in caplog.text


def test_what_cannot_be_kept_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept_devices.keep(tmp_path / "none", [DEVICE])
    assert "cannot be kept" in caplog.text
