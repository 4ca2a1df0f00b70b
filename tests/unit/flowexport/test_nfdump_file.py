# SPDX-License-Identifier: MIT
"""Files for nfdump, read back by the real nfdump."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.flowexport import nfdump_file
from tests.conftest import missing

FORMAT = "%ts|%td|%sa|%da|%sp|%dp|%pr|%flg|%tos|%byt|%pkt|%in|%out|%ra"
MAPPED = 0xFFFF << 32
_HALF = (1 << 64) - 1
AT_MS = 1_795_996_800_123


def read(folder: Path, rows: list[tuple[int, ...]], at_once: int = 2) -> list[list[str]]:
    """Write rows as blocks, and return what nfdump prints of them."""
    if not shutil.which("nfdump"):
        missing("no nfdump")
    parts = [rows[at : at + at_once] for at in range(0, len(rows), at_once)]
    file = folder / "flows.nf"
    content = nfdump_file.header(1_795_996_800, len(parts))
    file.write_bytes(content + b"".join(map(nfdump_file.block, parts)))
    argv = ["nfdump", "-q", "-N", "-6", "-r", str(file), "-o", f"fmt:{FORMAT}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"TZ": "UTC"})
    assert not done.stderr, done.stderr
    lines = [line for line in done.stdout.splitlines() if "|" in line]
    return [[each.strip() for each in line.split("|")] for line in lines]


def mapped(text: str) -> tuple[int, int]:
    found = ip_address(text)
    number = int(found) | (MAPPED if found.version == 4 else 0)
    return number >> 64, number & _HALF


def row(src: str, dst: str, exporter: str = "192.168.88.1") -> tuple[int, ...]:
    return (AT_MS, 5500, *mapped(src), *mapped(dst), 40000, 443, 6, 0x12, 8, 123_456, 78, 3, 70_000,
            *mapped(exporter))  # fmt: skip


def test_nfdump_reads_what_was_written(tmp_path: Path) -> None:
    flows = [
        row("192.168.88.9", "203.0.113.7"),
        row("2001:db8::1", "2001:db8:1:2:3:4:5:6", "fe80::1"),
        row("192.168.88.9", "2001:db8::1", "::"),
    ]
    first, second, third = read(tmp_path, flows)
    assert first == ["2026-11-30 00:00:00.123", "5.500", "192.168.88.9", "203.0.113.7", "40000",
                     "443", "6", "...A..S.", "8", "123456", "78", "3", "70000",
                     "192.168.88.1"]  # fmt: skip
    assert second[2:4] == ["2001:db8::1", "2001:db8:1:2:3:4:5:6"] and second[-1] == "fe80::1"
    assert third[3] == "2001:db8::1"
    assert f"{datetime.fromtimestamp(AT_MS / 1000, UTC):%Y-%m-%d}" in first[0]


_half = st.integers(0, _HALF)
_row = st.tuples(
    st.integers(0, 1 << 42), st.integers(0, (1 << 32) - 1), _half, _half, _half, _half,
    st.integers(0, 65_535), st.integers(0, 65_535), st.integers(0, 255), st.integers(0, 255),
    st.integers(0, 255), st.integers(0, 1 << 90), st.integers(0, 1 << 90),
    st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1), _half, _half,
)  # fmt: skip


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(_row, min_size=1, max_size=9), st.integers(1, 4))
def test_any_flow_is_a_flow_to_nfdump(
    tmp_path: Path, rows: list[tuple[int, ...]], at_once: int
) -> None:
    assert len(read(tmp_path, rows, at_once)) == len(rows)
