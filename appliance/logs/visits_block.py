# SPDX-License-Identifier: MIT
"""What a honeypot saw, as lines of JSON: `[second, kind, source, …]`, kind `l` or `t`. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.errors import DecodeError
from appliance.logs.lines.event import Login, Tunnel

MOST_BYTES = 64_000


@dataclass
class VisitsBlock:
    """Logins and tunnels in the order of their arrival."""

    lines: list[bytes] = field(default_factory=list)
    size: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not self.lines

    @property
    def is_full(self) -> bool:
        """Whether it is time for another block."""
        return self.size >= MOST_BYTES

    def add(self, second: int, event: Login | Tunnel) -> None:
        """Append an event; `second` is since the epoch."""
        row: list[object]
        if isinstance(event, Login):
            row = [second, "l", event.source, event.user, event.password, int(event.succeeded)]
        else:
            row = [second, "t", event.source, event.host, event.port]
        line = json.dumps(row, separators=(",", ":")).encode()
        self.lines.append(line)
        self.size += len(line) + 1

    def encode(self) -> bytes:
        """Return the block's bytes."""
        return b"\n".join(self.lines)


def decode(data: bytes) -> Iterator[tuple[int, Login | Tunnel]]:
    """Yield second and event of each line. Raises DecodeError."""
    for line in data.split(b"\n"):
        try:
            yield _event(json.loads(line))
        except (ValueError, TypeError, RecursionError) as error:
            raise DecodeError("a block holds what is no event") from error


def _event(row: object) -> tuple[int, Login | Tunnel]:
    match row:
        case [int(second), "l", str(source), str(user), str(password), int(succeeded)]:
            return second, Login(source, user, password, bool(succeeded))
        case [int(second), "t", str(source), str(host), int(port)]:
            return second, Tunnel(source, host, port)
    raise DecodeError("no event")
