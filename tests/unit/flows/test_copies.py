# SPDX-License-Identifier: MIT
"""The same traffic told by two interfaces, and two flows that only look alike."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.flows.copies import WINDOW, Copies
from appliance.flows.records import FLOW, Flows


def a_flow(**values: int) -> Flows:
    made = np.zeros(1, FLOW)
    usual = {"src_lo": 9, "dst_lo": 7, "sport": 40000, "dport": 443, "proto": 6, "bytes": 1000,
             "packets": 10, "first": 5000, "last": 9000, "in_if": 1, "out_if": 2}  # fmt: skip
    for name, value in (usual | values).items():
        made[name] = value
    return made


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (a_flow(in_if=3), True),
        (a_flow(out_if=3), True),
        (a_flow(exporter=2), True),
        (a_flow(in_if=3, first=5900, last=8100), True),
        (a_flow(in_if=3, first=6100), False),
        (a_flow(in_if=3, bytes=1001), False),
        (a_flow(in_if=3, packets=11), False),
        (a_flow(in_if=3, sport=40001), False),
        (a_flow(in_if=3, src_lo=7, dst_lo=9), False),
        # The same interface tells of two flows.
        (a_flow(), False),
    ],
)
def test_what_is_a_copy(other: Flows, expected: bool) -> None:
    copies = Copies()
    assert copies.find(a_flow()).tolist() == [False]
    assert copies.find(other).tolist() == [expected]
    # In one batch, too.
    assert Copies().find(np.concatenate([a_flow(), other])).tolist() == [False, expected]


def test_three_interfaces_tell_of_one_flow() -> None:
    flows = np.concatenate([a_flow(), a_flow(in_if=3), a_flow(in_if=4)])
    assert Copies().find(flows).tolist() == [False, True, True]


def test_the_one_that_came_later_is_the_copy() -> None:
    copies = Copies()
    copies.find(a_flow())
    assert copies.find(a_flow(in_if=3, first=4500)).tolist() == [True]


def test_only_the_last_flows_are_remembered() -> None:
    copies = Copies()
    copies.find(a_flow())
    many = np.zeros(WINDOW, FLOW)
    many["src_lo"] = np.arange(WINDOW)
    copies.find(many)
    assert copies.find(a_flow(in_if=3)).tolist() == [False]
    assert not copies.find(np.zeros(0, FLOW)).any()
