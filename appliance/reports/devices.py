# SPDX-License-Identifier: MIT
"""What is published of the devices that were heard in the stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class HeardDevice:
    """An address and the MAC address behind it; times in seconds since the epoch.

    `name` is the device's own, printable, and `how` says by what it told it; `before` is the MAC
    address that had the address before, empty where none had.
    """

    address: str
    station: str
    name: str
    how: str
    first: float
    last: float
    before: str = ""


@dataclass(frozen=True, slots=True)
class DevicesReport(StatusFile):
    """All devices that are known at `updated` (since the epoch). Counts are since `since`.

    Of `frames` that passed the kernel's filter `lost` found no room and `undecoded` made no sense.
    What they announced was of strangers (`foreign`), of too many new addresses at once (`refused`),
    or is known; `forgotten` had to leave for others.
    """

    NAME: ClassVar[str] = "devices"

    updated: float
    since: float
    frames: int
    lost: int
    undecoded: int
    foreign: int
    refused: int
    forgotten: int
    devices: tuple[HeardDevice, ...] = ()
    trouble: str = ""
