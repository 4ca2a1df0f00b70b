# SPDX-License-Identifier: MIT
"""From TZSP datagrams to the records of one capture file, and one outcome counted for each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container

from appliance.errors import DecodeError
from appliance.formats import radio, tzsp
from appliance.formats.ethernet import UnsupportedEncapsulation, as_ethernet
from appliance.formats.feedback import EchoFilter
from appliance.formats.tzsp import Encapsulation, Packet
from appliance.reports.outcomes import Outcome, Tally
from appliance.tools.pcapfile import ETHERNET, CaptureWriter

# LINKTYPE_ numbers, tcpdump.org/linktypes.html. SLIP is missing: pcap wants a header with it that
# TZSP has not.
_RADIOTAP, _AVS = 127, 163
_LINK_TYPES: dict[int, int] = {
    Encapsulation.ETHERNET: ETHERNET,
    Encapsulation.TOKEN_RING: 6,
    Encapsulation.PPP: 9,
    Encapsulation.FDDI: 10,
    Encapsulation.RAW_IP: 101,
    Encapsulation.IEEE_802_11: 105,
    Encapsulation.PRISM: 119,
    Encapsulation.RADIOTAP: _RADIOTAP,
    Encapsulation.AVS: _AVS,
}

_MAY_BE_RADIOTAP = frozenset({Encapsulation.IEEE_802_11, Encapsulation.AVS})
_MAY_BE_AVS = frozenset({Encapsulation.PRISM})


def link_type(packet: Packet) -> int | None:
    """Return pcap's number for the frame as it stands; None where it has none.

    Some senders put radiotap where 802.11 or AVS is announced, or AVS in place of Prism.
    """
    encapsulation = packet.encapsulation
    if encapsulation in _MAY_BE_RADIOTAP and radio.is_radiotap(packet.payload):
        return _RADIOTAP
    if encapsulation in _MAY_BE_AVS and radio.is_avs(packet.payload):
        return _AVS
    return _LINK_TYPES.get(encapsulation)


class Decapsulator:
    """Writes the frame of each datagram; the first one decides the link type of the file.

    A frame of another kind is converted where the file is Ethernet. Elsewhere it cannot go into
    the same file: it is counted, and said once.
    """

    def __init__(
        self,
        output: CaptureWriter,
        ports: Collection[int],
        own: Container[bytes],
        sources: Collection[bytes] = (),
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Take where to write, where TZSP is sent to, and who may send (all, if empty).

        It is sent to the UDP ports `ports` of the addresses `own`. Those and the sources are 16
        bytes each, as sources.key_of() makes them.
        """
        self.tally = Tally()
        self.link_type: int | None = None
        self._output = output
        self._echoes = EchoFilter(ports, own)
        self._sources = frozenset(sources)
        self._say = say
        self._said = False

    def take(self, datagram: memoryview, time_us: int, source: bytes, missing: int = 0) -> None:
        """Deal with one datagram, `missing` bytes of whose end are known to be lost."""
        outcome, written = self._decide(datagram, time_us, source, missing)
        self.tally.outcomes[outcome] += 1
        self.tally.bytes_received += len(datagram)
        self.tally.bytes_sent += written

    def idle(self) -> None:
        """Hand over what is held back: nothing more waits."""
        self._output.flush()

    def tick(self, now_us: int) -> None:
        """Let the output do what is due."""
        self._output.tick(now_us)

    def _decide(
        self, datagram: memoryview, time_us: int, source: bytes, missing: int
    ) -> tuple[Outcome, int]:
        if self._sources and source not in self._sources:
            return Outcome.UNLISTED_SOURCE, 0
        try:
            packet = tzsp.decode(datagram)
            if not packet.carries_frame:
                return Outcome.KEEPALIVE, 0
            frame = self._fitting(packet)
        except UnsupportedEncapsulation:
            return Outcome.UNSUPPORTED_ENCAPSULATION, 0
        except DecodeError:
            return Outcome.MALFORMED, 0
        if self.link_type == ETHERNET and self._echoes.is_echo(
            memoryview(frame), source, time_us / 1e6
        ):
            return Outcome.FEEDBACK, 0
        cut = max(missing, (packet.original_length or 0) - len(packet.payload))
        self._output.write(time_us, frame, len(frame) + cut)
        return Outcome.SENT, len(frame)

    def _fitting(self, packet: Packet) -> memoryview | bytes:
        """Return the frame in the form of the file, whose link type the first frame sets."""
        own = link_type(packet)
        wanted = self.link_type or own or ETHERNET
        if own == wanted:
            frame: memoryview | bytes = packet.payload
        elif wanted == ETHERNET:
            frame = as_ethernet(packet.encapsulation, packet.payload, packet.damaged)
        else:
            self._say_once(packet.encapsulation, wanted)
            raise UnsupportedEncapsulation("another link type")
        if self.link_type is None:
            self.link_type = wanted
            self._output.set_link_type(wanted)
        return frame

    def _say_once(self, encapsulation: int, wanted: int) -> None:
        if not self._said:
            self._said = True
            self._say(
                f"frames of encapsulation {encapsulation} do not fit into a capture of link type"
                f" {wanted}: left out, as others will be, and counted as unsupported_encapsulation"
            )
