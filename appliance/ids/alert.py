# SPDX-License-Identifier: MIT
"""One alert, whichever engine raised it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Alert:
    """What an engine saw, as it is stored and shown.

    `time_us` is in microseconds since 1970, UTC; a smaller `priority` is graver (1 is the gravest);
    ports are None where the protocol has none; `id` is 0 until the store has given one, and
    `time_confirmed` None until it has told whether the clock was set (docs/owner/time.md). `alike`
    more like it came after it, the last at `last_us`, and were counted with it.
    """

    time_us: int
    gid: int
    sid: int
    rev: int
    message: str
    classification: str | None
    priority: int
    protocol: str
    source: str
    source_port: int | None
    destination: str
    destination_port: int | None
    engine: str
    time_confirmed: bool | None = None
    alike: int = 0
    last_us: int | None = None
    id: int = 0

    @property
    def time(self) -> datetime:
        """Return the moment of the packet, exact to the microsecond."""
        return _moment(self.time_us)

    def to_json(self) -> dict[str, Any]:
        """Return the public form: `time` in ISO 8601 with six decimals and Z, `id` first.

        `alike` and `last_time`, of the same form, are there where others are counted with this one.
        """
        found = {"id": self.id, "time": _text(self.time_us)}
        # dataclasses.asdict() copies each text: a page of a hundred took it 4 ms of its 20.
        found |= {name: getattr(self, name) for name in _PLAIN}
        if self.last_us is not None:
            found |= {"alike": self.alike, "last_time": _text(self.last_us)}
        return found


# What the public form has as it is, in this order.
_PLAIN = tuple(
    each.name
    for each in dataclasses.fields(Alert)
    if each.name not in ("id", "time_us", "alike", "last_us")
)


def from_json(values: Mapping[str, Any]) -> Alert:
    """Return the alert that `to_json` gave. Raises ValueError, KeyError or TypeError on others."""
    rest = {key: value for key, value in values.items() if key not in ("time", "last_time")}
    last = values.get("last_time")
    last_us = None if last is None else _microseconds(last)
    return Alert(time_us=_microseconds(values["time"]), last_us=last_us, **rest)


def _moment(time_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=time_us)


def _text(time_us: int) -> str:
    return _moment(time_us).strftime(_FORM)


def _microseconds(text: str) -> int:
    time = datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    return (time - EPOCH) // timedelta(microseconds=1)
