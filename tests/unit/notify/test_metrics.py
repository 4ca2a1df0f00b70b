# SPDX-License-Identifier: MIT
"""What /metrics tells of messages."""

from __future__ import annotations

from pathlib import Path

from appliance.area import Places
from appliance.formats.exposition import render
from appliance.notify.metrics import families
from tests.unit.reports.test_notify import WRITER


def test_lines_are_in_the_figures(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path)
    assert list(families(places)) == []
    WRITER.publish(tmp_path)
    text = render(families(places))
    assert 'glovebox_notify_told_total{channel="phone"} 10\n' in text
    assert 'glovebox_notify_waiting{channel="phone"} 2\n' in text
    assert 'glovebox_forward_forwarded_total{collector="vector"} 70\n' in text
    assert 'glovebox_forward_lost_total{collector="vector"} 5\n' in text
    assert 'glovebox_forward_waiting{collector="vector"} 3\n' in text
    assert 'glovebox_notify_failing{channel="phone"} 0\n' in text
