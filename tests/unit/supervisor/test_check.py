# SPDX-License-Identifier: MIT
"""One check: a row of the table."""

from __future__ import annotations

from appliance.reports.levels import ok
from appliance.supervisor.check import Check
from tests.unit.supervisor.looks import history, look


def test_a_check_judges_a_history() -> None:
    check = Check("x", "something", 2.0, ("units",), lambda seen: ok(f"{len(seen.moments)} looks"))
    assert check.judge(history(look(0), look(2))) == ok("2 looks")
