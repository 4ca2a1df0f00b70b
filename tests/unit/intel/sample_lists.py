# SPDX-License-Identifier: MIT
"""Lists in force, and frames of a device that meets what is on them."""

from __future__ import annotations

import struct
from pathlib import Path

from appliance.intel.card_lists import CardLists
from appliance.intel.public_suffixes import PublicSuffixes
from appliance.reports.intel import IntelListsReport
from tests.frames import ethernet, ipv4

NOW = 1_795_777_200.0
DEVICE, SERVER = "192.0.2.1", "192.0.2.2"
SYN, ACK, PUSH = 0x02, 0x10, 0x08


def take(folder: Path, **files: str) -> IntelListsReport:
    """Put lists on a card below `folder` and into force in `folder`/kept; `_` stands for a dot."""
    card, kept = folder / "card", folder / "kept"
    for place in (card, kept):
        place.mkdir(exist_ok=True)
    for name, text in files.items():
        (card / name.replace("_", ".")).write_text(text)
    return CardLists(card, kept, PublicSuffixes("com\nco.uk\ngithub.io\n")).take(NOW)


def segment(
    payload: bytes = b"", flags: int = ACK | PUSH, port: int = 443, source_port: int = 50000
) -> bytes:
    """Return a TCP segment without options."""
    return struct.pack("!HHIIBBHHH", source_port, port, 1, 1, 5 << 4, flags, 1024, 0, 0) + payload


def tcp(payload: bytes = b"", flags: int = ACK | PUSH, port: int = 443) -> bytes:
    """Return a frame of DEVICE to SERVER."""
    return ethernet(ipv4(segment(payload, flags, port), protocol=6))
