"""IP fragments put together, within bounds of number and time (RFC 791 section 3.2, RFC 8200 4.5).

Overlapping fragments spoil their datagram (RFC 5722): honest senders have none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from appliance.formats.ip import IpPacket

LONGEST_DATAGRAM = 65535
_MOST_DATAGRAMS = 256
_PATIENCE_US = 30_000_000


@dataclass(slots=True)
class _Pieces:
    started_us: int
    by_offset: dict[int, bytes] = field(default_factory=dict)
    received: int = 0
    length: int | None = None
    failed: bool = False


class Reassembler:
    """Takes fragments in any order; `failures` counts the datagrams that never became whole."""

    def __init__(self) -> None:
        self.failures = 0
        self._open: dict[object, _Pieces] = {}

    def add(self, packet: IpPacket, time_us: int) -> bytes | None:
        """Return the payload of the datagram that `packet`, a fragment, makes whole."""
        self._make_room(time_us)
        pieces = self._open.setdefault(packet.key, _Pieces(time_us))
        if pieces.failed or packet.payload == pieces.by_offset.get(packet.fragment_offset, b""):
            return None
        if not self._fits(pieces, packet):
            self._fail(pieces)
            return None
        pieces.by_offset[packet.fragment_offset] = bytes(packet.payload)
        pieces.received += len(packet.payload)
        if pieces.length is None or pieces.received < pieces.length:
            return None
        whole = _join(pieces)
        if whole is None:
            self._fail(pieces)
        else:
            del self._open[packet.key]
        return whole

    def finish(self) -> None:
        """Count what is not whole at the end."""
        for pieces in self._open.values():
            self._fail(pieces)
        self._open.clear()

    def _fits(self, pieces: _Pieces, packet: IpPacket) -> bool:
        end = packet.fragment_offset + len(packet.payload)
        if packet.missing or end > LONGEST_DATAGRAM:
            return False
        if packet.fragment_offset in pieces.by_offset:
            return False
        if not packet.more_fragments:
            if pieces.length is not None:
                return False
            pieces.length = end
        return True

    def _fail(self, pieces: _Pieces) -> None:
        """Count once, drop the bytes, and stay deaf to the fragments that still come."""
        self.failures += not pieces.failed
        pieces.failed = True
        pieces.by_offset.clear()

    def _make_room(self, time_us: int) -> None:
        while self._open:
            key, oldest = next(iter(self._open.items()))
            if len(self._open) < _MOST_DATAGRAMS and time_us - oldest.started_us < _PATIENCE_US:
                return
            self._fail(oldest)
            del self._open[key]


def _join(pieces: _Pieces) -> bytes | None:
    position = 0
    for offset in sorted(pieces.by_offset):
        if offset != position:
            return None
        position += len(pieces.by_offset[offset])
    if position != pieces.length:
        return None
    return b"".join(pieces.by_offset[offset] for offset in sorted(pieces.by_offset))
