# SPDX-License-Identifier: MIT
"""Flows that cannot be, and those that are only large."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.flows.plausible import absurd
from appliance.flows.records import FLOW


@pytest.mark.parametrize(
    ("octets", "packets", "lasted_ms", "sampling", "line", "expected"),
    [
        (1000, 10, 4000, 0, 0, False),
        # RouterOS 7.12.
        (2_007_342_028, 1_472_913, 1, 0, 0, True),
        (2_007_342_028, 1_472_913, 60_000, 0, 0, False),
        (2_007_342_028, 1_472_913, 60_000, 0, 100, True),
        (70_000, 1, 1000, 0, 0, True),
        (0, 1 << 63, 1000, 0, 0, True),
        (1 << 63, 1 << 63, 86_400_000, 0, 0, True),
        (1_000_000, 1000, 0, 30_000, 0, True),
        (0, 0, 0, 0, 0, False),
    ],
)
def test_absurd(
    octets: int, packets: int, lasted_ms: int, sampling: int, line: int, expected: bool
) -> None:
    flows = np.zeros(1, FLOW)
    flows["bytes"], flows["packets"], flows["last"] = octets, packets, lasted_ms
    flows["sampling"] = sampling
    assert absurd(flows, line).tolist() == [expected]
