# SPDX-License-Identifier: MIT
"""[block]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from appliance.settings.sections.block import BlockConfig, seconds
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[block]\nmode = "yes"\n', ["mode", "'dry-run'"]),
        ("[block]\npriority = 0\n", ["priority = 0", "1 to 4"]),
        ("[block]\ntimes = []\n", ["times", "30m"]),
        ('[block]\ntimes = ["1s"]\n', ["times", "from a minute"]),
        ('[block]\ntimes = ["99d"]\n', ["times", "30 days"]),
        ("[block]\nper_hour = 0\n", ["per_hour", "1 to 1000"]),
        ("[block]\nmost = 100000\n", ["most", "10,000"]),
        ('[block]\nsafe = ["bank.example"]\n', ["safe", "network"]),
        ('[block]\nspare = ["2010935"]\n', ["spare", "1:2010935"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said


def test_the_last_time_holds_from_then_on() -> None:
    found = BlockConfig(times=("5m", "2h"))
    assert [found.length(earlier) for earlier in range(4)] == [300, 7200, 7200, 7200]
    assert seconds("1d") == 86400 and seconds("x") == seconds("-1h") == 0
