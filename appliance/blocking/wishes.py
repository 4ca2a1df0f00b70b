# SPDX-License-Identifier: MIT
"""What the owner asks of blocking: small requests of one type, from the page and the command."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from appliance.blocking import judge
from appliance.errors import GloveboxError, InputError
from appliance.formats import plain_address
from appliance.requests import Inbox
from appliance.settings.sections.fit import Network

FOLDER = Path(os.environ.get("GLOVEBOX_BLOCKING_REQUESTS", "/run/glovebox-blocking"))
EVERYBODY = "all"
ASKED = "Asked; `glovebox blocks` tells what came of it."


class WishKind(Enum):
    """What is wanted: of a network to BLOCK it, LIFT it, NEVER block it, or AGAIN after all; of a
    router to TRUST its certificate, RETRY it, or ASK it something. OWNER tells where the owner is
    just now.
    """

    BLOCK = "block"
    LIFT = "lift"
    NEVER = "never"
    AGAIN = "again"
    OWNER = "owner"
    TRUST = "trust"
    RETRY = "retry"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Wish:
    """One request: `what` is a network, a router's name, or "all" (LIFT, ASK).

    `command` is what is asked, `certificate` the SHA-256 that the owner has compared (TRUST),
    `seconds` how long to block.
    """

    kind: WishKind
    what: str
    seconds: float = 3600.0
    certificate: str = ""
    command: str = ""


def inbox(folder: Path = FOLDER) -> Inbox[Wish]:
    """Return the inbox of glovebox-blocking."""
    return Inbox(folder, Wish)


def ask(wish: Wish, folder: Path) -> None:
    """Post a request from a terminal. Raises GloveboxError."""
    try:
        inbox(folder).post(wish)
    except OSError as error:
        raise GloveboxError(f"{folder}: {error.strerror or error}: nothing was asked") from error


def network_of(text: str) -> Network:
    """Return what somebody wants to be blocked: an address, of IPv6 its /64. Raises ValueError."""
    address = plain_address.read(text.partition("/")[0].strip())
    if address is None:
        raise ValueError(f"{text!r:.60} is no address")
    return judge.to_block(address)


def named(text: str) -> str:
    """Return the network that somebody typed. Raises InputError."""
    try:
        return str(network_of(text))
    except ValueError as error:
        raise InputError(str(error)) from error
