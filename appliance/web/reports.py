"""What the services publish, as typed values: parsed once, refused whole when it does not fit.

The counters of glovebox-receiver obey conservation: every datagram received was put onto the
interface as a frame, was a keepalive, or was dropped for one named reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Counters:
    """Datagrams, frames and bytes since the receiver started; of everything or of one router."""

    datagrams_received: int
    bytes_received: int
    frames_sent: int
    bytes_sent: int
    keepalives: int
    dropped: Mapping[str, int]

    @property
    def accounted(self) -> int:
        """Datagrams whose fate is known; conservation makes this equal `datagrams_received`."""
        return self.frames_sent + self.keepalives + sum(self.dropped.values())


@dataclass(frozen=True)
class Source:
    """One router. `last_seen` is in seconds since the epoch."""

    counters: Counters
    last_seen: float


@dataclass(frozen=True)
class Report:
    """The state of glovebox-receiver at `updated`. Times are in seconds since the epoch."""

    updated: float
    started: float
    interface: str
    ports: tuple[int, ...]
    last_frame: float | None
    counters: Counters
    socket_overflow: int
    reassembly_failures: int
    udp_errors: int
    sources: Mapping[str, Source]

    @property
    def lost(self) -> Mapping[str, int]:
        """Datagrams that were not passed on, by reason: dropped, or lost before they came in."""
        return {
            **self.counters.dropped,
            "socket_overflow": self.socket_overflow,
            "reassembly_failures": self.reassembly_failures,
        }


@dataclass(frozen=True)
class StoreReport:
    """The state of glovebox-alerts at `updated`, seconds since the epoch; `error` for people."""

    updated: float
    error: str | None


def parse_store(values: Mapping[str, Any]) -> StoreReport:
    """Turn what glovebox-alerts published into a StoreReport. Raises ValueError."""
    error = values.get("error")
    return StoreReport(_time(values, "updated"), None if error is None else str(error))


def parse(values: Mapping[str, Any]) -> Report:
    """Turn what glovebox-receiver published into a Report.

    Raises ValueError where a key is missing or a value is of the wrong kind.
    """
    last_frame = values.get("last_frame")
    return Report(
        updated=_time(values, "updated"),
        started=_time(values, "started"),
        interface=_typed(values, "interface", str),
        ports=_ports(values),
        last_frame=None if last_frame is None else _time(values, "last_frame"),
        counters=_counters(values),
        socket_overflow=_count(values, "socket_overflow"),
        reassembly_failures=_count(values, "reassembly_failures"),
        udp_errors=_count(values, "udp_errors"),
        sources={
            address: Source(_counters(source), _time(source, "last_seen"))
            for address, source in _typed(values, "sources", dict).items()
        },
    )


def _counters(values: Any) -> Counters:
    dropped = _typed(values, "dropped", dict)
    return Counters(
        datagrams_received=_count(values, "datagrams_received"),
        bytes_received=_count(values, "bytes_received"),
        frames_sent=_count(values, "frames_sent"),
        bytes_sent=_count(values, "bytes_sent"),
        keepalives=_count(values, "keepalives"),
        dropped={reason: _count(dropped, reason) for reason in dropped},
    )


def _typed(values: Any, key: str, wanted: type) -> Any:
    if not isinstance(values, dict) or not isinstance(values.get(key), wanted):
        raise ValueError(f"{key}: expected {wanted.__name__}")
    return values[key]


def _count(values: Any, key: str) -> int:
    value = _typed(values, key, int)
    if isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise ValueError(f"{key} = {value!r}: expected a count")
    return int(value)


def _ports(values: Any) -> tuple[int, ...]:
    ports = _typed(values, "ports", list)
    if not ports or not all(type(port) is int and 0 < port < 65536 for port in ports):
        raise ValueError(f"ports = {ports!r}: expected ports from 1 to 65535")
    return tuple(ports)


def _time(values: Any, key: str) -> float:
    value = values.get(key) if isinstance(values, dict) else None
    # The comparison also refuses NaN and the infinities, which JSON as Python reads it may hold.
    if not isinstance(value, (int, float)) or not 0 <= value < 1e11:
        raise ValueError(f"{key} = {value!r}: expected seconds since the epoch")
    return float(value)
