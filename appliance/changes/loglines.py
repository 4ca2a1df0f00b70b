# SPDX-License-Identifier: MIT
"""Who changed a router's configuration, by what its log says. Pure.

Source: lines of RouterOS' log in public recordings and issue threads: `filter rule changed by
admin`, and since 7.13 `… changed by winbox-3.41/tcp-msg(winbox):admin@192.0.2.1/action:1 (/ip …)`.
They are no interface: what fits nothing here names nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.router.refusals import plain

LONGEST = 500
_WHO = r"(?P<user>[^@:/\s]{1,60})"
_WHERE = r"(?P<where>[0-9A-Fa-f:.]{2,45})"
_CHANGE = re.compile(
    rf"\b(?:added|changed|removed|moved|enabled|disabled|set|edited|renamed) by "
    rf"(?:(?P<way>[^:@\s]{{1,60}}):)?{_WHO}(?:@{_WHERE})?(?:[/\s(].*)?"
)
_LOGIN = re.compile(rf"user {_WHO} logged in from {_WHERE} via (?P<way>[\w-]{{1,30}})")


@dataclass(frozen=True, slots=True)
class Hand:
    """Who did something: the router's user, from which address, and by which way; "" if unknown."""

    user: str
    where: str = ""
    way: str = ""

    @property
    def words(self) -> str:
        """Say it on one line, as `admin from 192.0.2.1 with winbox`."""
        where = f" from {self.where}" if self.where else ""
        return f"{self.user}{where}{f' with {self.way}' if self.way else ''}"


def names_other(message: str, user: str) -> bool:
    """Tell whether a line tells of a login or a change by anybody but `user`."""
    short = message[:LONGEST]
    found = _CHANGE.search(short) or _LOGIN.search(short)
    return found is not None and found["user"] != user


def login(message: str) -> Hand | None:
    """Return who logged in; None where a line tells of something else."""
    return _hand(_LOGIN.search(message[:LONGEST]))


def change(message: str) -> Hand | None:
    """Return who changed something; None where a line tells of something else."""
    return _hand(_CHANGE.search(message[:LONGEST]))


def _hand(found: re.Match[str] | None) -> Hand | None:
    if found is None:
        return None
    # `winbox-3.41/tcp-msg(winbox)`: the program says enough.
    way = re.split("[/(-]", found["way"] or "", maxsplit=1)[0]
    return Hand(plain(found["user"], 60), found["where"] or "", plain(way, 30))
