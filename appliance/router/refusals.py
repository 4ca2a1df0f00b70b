# SPDX-License-Identifier: MIT
"""What a router says when it refuses: its words, sorted by what is to be done about them. Pure.

Source: texts of RouterOS 7 in public recordings and issue threads; they are no interface, so what
is not known here is a refusal all the same, with the router's own words.
"""

from __future__ import annotations

import re
from enum import Enum

from appliance.errors import GloveboxError

LONGEST = 200


class Refusal(Enum):
    """Why a router refused, with what it means for the owner."""

    THERE = "it is there already"
    GONE = "it is gone already"
    RIGHTS = "the rights of Glovebox's user on the router are too small"
    DEVICE_MODE = "the router's device-mode forbids it"
    FLAGGED = "the router suspects its own configuration (device-mode: flagged)"
    LOGIN = "the router refused the name or the password"
    VERSION = "this version of RouterOS does not know it"
    OURS = "the command was wrong"
    LATE = "the router did not finish in time"
    INTERRUPTED = "it was interrupted"
    ENDED = "the router ended the session"
    UNKNOWN = "the router refused it"


# In this order: "not allowed by device-mode" holds "not allowed".
_TEXTS = (
    ("not allowed by device-mode", Refusal.DEVICE_MODE),
    ("configuration flagged", Refusal.FLAGGED),
    ("already have such", Refusal.THERE),
    ("no such item", Refusal.GONE),
    ("not enough permissions", Refusal.RIGHTS),
    ("not allowed", Refusal.RIGHTS),
    ("invalid user name or password", Refusal.LOGIN),
    ("cannot log in", Refusal.LOGIN),
    ("unknown parameter", Refusal.VERSION),
    ("no such command", Refusal.VERSION),
    ("bad parameter", Refusal.VERSION),
    ("bad command name", Refusal.VERSION),
    ("input does not match any value of", Refusal.VERSION),
    ("missing value", Refusal.OURS),
    ("invalid value", Refusal.OURS),
    ("is not a valid dns name", Refusal.OURS),
    ("expected ", Refusal.OURS),
    ("syntax error", Refusal.OURS),
    ("action timed out", Refusal.LATE),
    ("session terminated", Refusal.ENDED),
    ("session closed", Refusal.ENDED),
    ("interrupted", Refusal.INTERRUPTED),
)


def reason(text: str) -> Refusal:
    """Return why the router refused, by its own words."""
    lowered = text[:1000].lower()
    return next((found for begin, found in _TEXTS if begin in lowered), Refusal.UNKNOWN)


def plain(text: str, longest: int = LONGEST) -> str:
    """Return a router's text as it may stand in a log or on the page: one line, no control signs.

    Signs that turn the direction of writing are left out too.
    """
    short = text[: longest + 1].encode("utf-8", "replace").decode("utf-8", "replace")
    shown = re.sub(r"\s+", " ", short)
    shown = "".join(sign for sign in shown if sign.isprintable()).strip()
    return shown if len(text) <= longest else f"{shown[:longest]}…"


class RouterError(GloveboxError):
    """A router cannot be talked to, or not now; the message says what to do."""

    exit_status = 6


class RefusedError(RouterError):
    """The router answered and refused; `why` sorts it, `said` are its words."""

    exit_status = 1

    def __init__(self, said: str, why: Refusal | None = None) -> None:
        self.why = why or reason(said)
        self.said = plain(said)
        super().__init__(f"{self.why.value} ({self.said})" if self.said else self.why.value)


class CertificateError(RouterError):
    """Another certificate than the one that was pinned; `found` is its SHA-256 in hexadecimal."""

    exit_status = 1

    def __init__(self, found: str, wanted: str) -> None:
        self.found = found
        super().__init__(
            f"the router shows another certificate than before: {found[:16]}…, not {wanted[:16]}…; "
            "nothing was sent to it"
        )
