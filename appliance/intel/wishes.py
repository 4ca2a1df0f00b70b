# SPDX-License-Identifier: MIT
"""What the page asks of who looks for listed names, and what the collector of flows hands to it."""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass
from pathlib import Path

from appliance.flowwatch.listed_flows import ListedFlows
from appliance.requests import Inbox

WISHES = Path(os.environ.get("GLOVEBOX_INTEL_REQUESTS", "/run/glovebox-intel/wishes"))
# What the collector of flows hands on: two talks take some 300 bytes.
FLOWS = Path("/run/glovebox-intel/flows")
MOST_HANDED_ON = 16 << 10


class IntelWishKind(enum.Enum):
    """What the owner may ask for."""

    AGREE = "agree"
    ALLOW = "allow"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class IntelWish:
    """What the owner asks for.

    AGREE: to take the list `what` as it is, which its digest tells. ALLOW, UNDO: of the entry
    `what`.
    """

    kind: IntelWishKind
    what: str
    digest: str = ""


def inbox(folder: Path = WISHES) -> Inbox[IntelWish]:
    """Return where the page tells what the owner agrees to."""
    return Inbox(folder, IntelWish)


def handed_on(folder: Path = FLOWS) -> Inbox[ListedFlows]:
    """Return where the collector of flows tells of talks with those who may be listed."""
    return Inbox(folder, ListedFlows, MOST_HANDED_ON)
