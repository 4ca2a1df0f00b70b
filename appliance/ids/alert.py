# SPDX-License-Identifier: MIT
"""One alert, whichever engine raised it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Alert:
    """What an engine saw, as it is stored and shown.

    `time_us` is in microseconds since 1970, UTC; a smaller `priority` is graver (1 is the gravest);
    ports are None where the protocol has none; `id` is 0 until the store has given one, and
    `time_confirmed` None until it has told whether the clock was set (docs/owner/time.md).
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
    id: int = 0

    @property
    def time(self) -> datetime:
        """Return the moment of the packet, exact to the microsecond."""
        return EPOCH + timedelta(microseconds=self.time_us)

    def to_json(self) -> dict[str, Any]:
        """Return the public form: `time` in ISO 8601 with six decimals and Z, `id` first."""
        values = dataclasses.asdict(self)
        time = self.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        del values["time_us"], values["id"]
        return {"id": self.id, "time": time, **values}


def from_json(values: Mapping[str, Any]) -> Alert:
    """Return the alert that `to_json` gave. Raises ValueError, KeyError or TypeError on others."""
    rest = {key: value for key, value in values.items() if key != "time"}
    time = datetime.strptime(values["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return Alert(time_us=(time - EPOCH) // timedelta(microseconds=1), **rest)
