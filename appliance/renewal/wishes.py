# SPDX-License-Identifier: MIT
"""What the page and the command line ask of who brings rule sets into force."""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass
from pathlib import Path

from appliance.requests import Inbox

WISHES = Path(os.environ.get("GLOVEBOX_RENEWAL_REQUESTS", "/run/glovebox-renewal/wishes"))


class RenewalWishKind(enum.Enum):
    """What the owner may ask for."""

    CHOOSE = "choose"
    LEAVE = "leave"
    AGREE = "agree"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class RenewalWish:
    """What the owner asks for: of the set `what`, at AGREE of its download `digest`."""

    kind: RenewalWishKind
    what: str = ""
    digest: str = ""


def inbox(folder: Path = WISHES) -> Inbox[RenewalWish]:
    """Return where the page tells what the owner wants."""
    return Inbox(folder, RenewalWish)
