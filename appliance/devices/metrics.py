# SPDX-License-Identifier: MIT
"""What /metrics tells of the devices that were heard."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.area import Places
from appliance.formats.exposition import Family, by_label, counter, gauge
from appliance.reports.devices import DevicesReport


def families(places: Places) -> Iterator[Family]:
    """Yield how many devices are known, and what told of none; nothing while nobody tells."""
    report = DevicesReport.read(places.runtime)
    if report is None:
        return
    yield gauge("glovebox_devices", "Addresses that are known.", len(report.devices))
    yield counter("glovebox_devices_frames_total", "Frames that were looked at.", report.frames)
    left_out = {
        "lost": report.lost, "undecoded": report.undecoded, "foreign": report.foreign,
        "refused": report.refused, "forgotten": report.forgotten,
    }  # fmt: skip
    yield Family(
        "glovebox_devices_left_out_total",
        "counter",
        "What told of no device that is known, and devices that had to leave, by reason.",
        by_label(left_out, "reason"),
    )
