# SPDX-License-Identifier: MIT
"""What both halves of the messages publish comes back as it was."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.notify import (
    ChannelStanding,
    CollectorStanding,
    ForwardStanding,
    LineStanding,
    NotifyReport,
    SendReport,
)

CHANNEL = ChannelStanding(
    "phone", "ntfy", "ntfy.example", True, 900.0, "200 OK <b>", True, 800.0
)  # fmt: skip
COLLECTOR = CollectorStanding("vector", "eve", "tcp://192.168.88.9", 900.0, "taken", True)
SENDER = SendReport(1000.0, (CHANNEL,), "eth0 0158A8C0", collectors=(COLLECTOR,))
LINE = LineStanding("phone", 12, 10, 2, 3)
QUEUE = ForwardStanding("vector", 70, 5, 3)
WRITER = NotifyReport(1000.0, (LINE,), queues=(QUEUE,))


def test_the_reports_come_back(tmp_path: Path) -> None:
    for report in (SENDER, WRITER):
        report.publish(tmp_path)
        assert type(report).read(tmp_path) == report


def test_they_are_found_by_name() -> None:
    assert SENDER.named("phone") is CHANNEL and SENDER.named("other") is None
    assert WRITER.queue("vector") is QUEUE and WRITER.queue("other") is None
    assert WRITER.named("phone") is LINE and WRITER.named("other") is None
