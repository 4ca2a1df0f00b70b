# SPDX-License-Identifier: MIT
"""What leaves is EVE: the decoder of Suricata's own lines reads it back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.ids import eve
from appliance.ids.alert import Alert
from tests.unit.notify.forward.sample_records import ALERTS, LINES, RECORDS


@pytest.mark.parametrize(("alert", "line"), zip(ALERTS, LINES, strict=True))
def test_suricatas_reader_reads_it(alert: Alert, line: str) -> None:
    assert line.isascii() and line.isprintable()
    found = eve.alert(eve.record(line.encode()), alert.engine)
    assert found == replace(alert, id=0)


def test_what_eve_has_no_field_for_is_apart() -> None:
    assert RECORDS[0]["glovebox"] == {
        "id": 1, "engine": "snort", "alike": 0, "time_confirmed": None,
    }  # fmt: skip
    assert RECORDS[0]["host"] == "box" and "dest_port" not in RECORDS[0]
