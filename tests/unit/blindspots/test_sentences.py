# SPDX-License-Identifier: MIT
"""Each finding is one sentence, with what to do."""

from __future__ import annotations

import pytest

from appliance.blindspots.sentences import ADVICE, sentence
from appliance.reports.flows import BlindKind, BlindSpot

HOST = "192.168.88.9"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            BlindSpot(BlindKind.NO_STREAM, 1, HOST, 900 << 20, 0),
            f"The stream showed nothing of {HOST}, of which the router's flows tell 900 MiB.",
        ),
        (
            BlindSpot(BlindKind.STREAM, 1, HOST, 1000 << 20, 120 << 20),
            f"The stream showed 12 % of the 1,000 MiB of {HOST} that the router's flows tell of.",
        ),
        (
            BlindSpot(BlindKind.FLOWS, 7, "", 2 << 30, 8 << 30),
            "The router's flows tell of 25 % of the 8.0 GiB of 7 hosts that the stream showed.",
        ),
        (
            BlindSpot(BlindKind.NO_FLOWS, 1, HOST, 0, 5 << 20),
            f"The router's flows tell nothing of {HOST}, of which the stream showed 5 MiB.",
        ),
    ],
)
def test_a_sentence(found: BlindSpot, words: str) -> None:
    assert sentence(found) == words


def test_each_kind_has_advice() -> None:
    assert set(ADVICE) == set(BlindKind)
