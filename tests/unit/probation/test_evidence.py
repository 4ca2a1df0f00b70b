# SPDX-License-Identifier: MIT
"""What counts as reached; the look itself meets a real gateway in tests/net."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance import requests
from appliance.probation import evidence
from appliance.probation.evidence import Seen
from appliance.probation.keeping import OnTrial

FIXED = OnTrial("a", ("192.168.88.1",), wired=True, wifi=False)
AIR = OnTrial("a", (), wired=False, wifi=True)


@pytest.mark.parametrize(
    ("trial", "seen", "proof"),
    [
        (FIXED, Seen(), ""),
        (FIXED, Seen(visited=True), "the page was opened"),
        (FIXED, Seen(connected=True), "a device has reached it"),
        (FIXED, Seen(streamed=True), "a router's stream arrives"),
        (FIXED, Seen(gateways=("192.168.88.1",)), "the gateway 192.168.88.1 answers"),
        (FIXED, Seen(gateways=("fe80::1",)), ""),
        (FIXED, Seen(leased=True), ""),
        (AIR, Seen(gateways=("fe80::1",)), "the gateway fe80::1 answers"),
        (AIR, Seen(leased=True), "a router gave it an address"),
        (AIR, Seen(cable=True, radio=True), ""),
    ],
)
def test_proof(trial: OnTrial, seen: Seen, proof: str) -> None:
    assert evidence.proof(trial, seen) == proof


@pytest.mark.parametrize(
    ("trial", "seen", "counts"),
    [
        (FIXED, Seen(), False),
        (FIXED, Seen(cable=True), True),
        (FIXED, Seen(radio=True), False),
        (AIR, Seen(radio=True), True),
        (AIR, Seen(cable=True), False),
        (replace(AIR, wired=True), Seen(cable=True), True),
    ],
)
def test_time_counts_where_somebody_could_be_reached(
    trial: OnTrial, seen: Seen, counts: bool
) -> None:
    assert evidence.counts(trial, seen) == counts


def test_look_sees_the_mark_of_the_page(tmp_path: Path) -> None:
    assert not evidence.look(AIR, tmp_path).visited
    requests.visited(tmp_path)
    assert evidence.look(AIR, tmp_path).visited
