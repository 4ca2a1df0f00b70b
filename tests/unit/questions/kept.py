# SPDX-License-Identifier: MIT
"""Files of made flows for the tests of questions, and the same flows as rows to compare with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from appliance.flowstore import parquet, stored_files
from appliance.flowstore.spool import Rows
from appliance.questions.address_sets import SetColumns
from appliance.questions.engine import FlowEngine
from tests.unit.flowstore.rows import MIDNIGHT, made, v4

HOSTS = ("192.168.88.9", "192.168.88.23")


def rows(part: int, count: int = 300) -> Rows:
    """Return flows of an hour: out, in and inside, of TCP, UDP and ICMP, some of IPv6, sampled."""
    random = np.random.default_rng(part)
    found = made(count, MIDNIGHT + part * 3600, part)
    found["src_lo"] = np.array([v4(each) for each in HOSTS], np.uint64)[
        random.integers(0, 2, count)
    ]
    found["way"] = random.choice([1, 2, 3], count)
    back = found["way"] == 1
    for end in ("hi", "lo"):
        found[f"src_{end}"][back], found[f"dst_{end}"][back] = (
            found[f"dst_{end}"][back],
            found[f"src_{end}"][back].copy(),
        )
    found["flags"] = random.integers(0, 256, count)
    six = random.random(count) < 0.2
    found["dst_hi"][six], found["dst_lo"][six] = 0x20010DB8 << 32, random.integers(1, 9, six.sum())
    found["sampling"] = random.choice([0, 1, 10], count)
    return found


def keep(folder: Path, parts: int = 3) -> Rows:
    """Store some hours below a folder, and return all their rows."""
    every = [rows(part) for part in range(parts)]
    for number, part in enumerate(every, 1):
        content = parquet.made(part, folder)
        span = int(part["first"].min()) // 1000, int(part["last"].max()) // 1000 + 1
        stored_files.write(folder, (number, number), span, len(part), content)
    return np.concatenate(every)


def counted(found: Rows, name: str = "bytes") -> int:
    """Return a sum as questions have it: multiplied where it was sampled."""
    return int((found[name] * np.maximum(found["sampling"], 1)).sum())


def unhurried(
    files: Sequence[Path], zone: str = "UTC", sets: Mapping[str, SetColumns] | None = None
) -> FlowEngine:
    """Open an engine with time for hundreds of questions on a busy machine."""
    return FlowEngine(files, zone, sets, 900.0)
