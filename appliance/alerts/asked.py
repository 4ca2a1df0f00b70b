# SPDX-License-Identifier: MIT
"""What the fields of the filter ask for, and what is wrong with them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from appliance.alerts import ends
from appliance.alerts.search import Filter
from appliance.alerts.way import DIRECTIONS, Homes, Way

FIELDS = (
    *("text", "priority", "sid", "address", "port", "direction", "since", "until"),
    *("source", "destination"),
)
LONGEST_TEXT = 100
LONGEST_SHOWN = 40
_WHOLE = re.compile(r"[0-9]{1,10}", re.ASCII)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?Z?", re.ASCII)


def parse(
    given: Mapping[str, str], names: Mapping[str, Sequence[str]], homes: Homes
) -> tuple[Filter, list[str]]:
    """Return what the fields ask for, and what is wrong with them.

    `names` are the addresses of devices by small names.
    """
    values: dict[str, Any] = {}
    errors: list[str] = []
    for field, text in given.items():
        try:
            values |= _field(field, text, names, homes)
        except ValueError as error:
            errors.append(str(error))
    return Filter(**values), errors


def _field(
    field: str, text: str, names: Mapping[str, Sequence[str]], homes: Homes
) -> Mapping[str, Any]:
    """Return what one field asks for. Raises ValueError."""
    if len(text) > LONGEST_TEXT:
        shown = text[:LONGEST_SHOWN]
        raise ValueError(f"'{shown}…' is too long: expected at most {LONGEST_TEXT} letters.")
    if field == "sid":
        gid, sid, rev = ends.rule(text)
        return {"gid": gid, "sid": sid, "rev": rev}
    if field == "address":
        return {"ends": ends.parse(text, names)}
    if field == "priority":
        what = "no priority. Expected a number, 1 for the gravest"
        return {"priority": _whole(text, ends.LARGEST_NUMBER, what)}
    if field == "port":
        return {"port": _whole(text, 0xFFFF, "no port: they go from 0 to 65535")}
    if field == "direction":
        return {"way": Way(_direction(text), homes)}
    if field in ("since", "until"):
        return {f"{field}_us": _time(text)}
    return {field: text}


def _whole(text: str, most: int, what: str) -> int:
    if not _WHOLE.fullmatch(text) or int(text) > most:
        raise ValueError(f"'{text[:LONGEST_SHOWN]}' is {what}.")
    return int(text)


def _direction(text: str) -> str:
    if text not in DIRECTIONS:
        raise ValueError(
            f"'{text[:LONGEST_SHOWN]}' is no direction. Expected {', '.join(DIRECTIONS)}."
        )
    return text


def _time(text: str) -> int:
    """Return microseconds since 1970 of a time in UTC."""
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(
            f"'{text[:LONGEST_SHOWN]}' is no time. Expected 2026-11-30T17:00, in UTC."
        ) from None
    return max(0, int(moment.timestamp())) * 1_000_000
