# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from appliance.supervisor.units import WATCHED, Unit


@pytest.mark.parametrize(
    ("unit", "exists", "runs", "is_busy"),
    [
        (Unit("loaded", "active", "running"), True, True, False),
        (Unit("loaded", "active", "exited"), True, True, False),
        (Unit("loaded", "reloading", "reload"), True, True, False),
        (Unit("loaded", "active", "running", "restart"), True, True, True),
        (Unit("loaded", "activating", "auto-restart"), True, False, True),
        (Unit("loaded", "deactivating", "stop-sigterm"), True, False, True),
        (Unit("loaded", "inactive", "dead"), True, False, False),
        (Unit("loaded", "failed", "failed"), True, False, False),
        (Unit("error", "inactive", "dead"), True, False, False),
        (Unit("not-found", "inactive", "dead"), False, False, False),
        (Unit("masked", "inactive", "dead"), False, False, False),
    ],
    ids=str,
)
def test_unit_reads_the_words_of_systemd(
    unit: Unit, exists: bool, runs: bool, is_busy: bool
) -> None:
    assert (unit.exists, unit.runs, unit.is_busy) == (exists, runs, is_busy)


def test_watched_names_each_unit_once() -> None:
    assert len(set(WATCHED)) == len(WATCHED)
