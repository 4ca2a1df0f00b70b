# SPDX-License-Identifier: MIT
"""The sensor as the router sees it: a UDP port that takes frames in TZSP."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from appliance.errors import DecodeError, InputError
from appliance.formats import tzsp
from appliance.formats.linktypes import link_type, require_known
from appliance.formats.pcap import Record
from appliance.formats.radio import strip_radiotap
from appliance.formats.tzsp import Encapsulation, UnsupportedEncapsulation
from appliance.tools.player import Notice, not_sent, require_bytes
from appliance.tools.playlist import Playable
from appliance.tools.summary import Played
from appliance.tools.transmit import Transmitter

FAILURES = ("malformed", "unsupported_encapsulation", "oversize", "no_buffer", "unreachable")
RETURNS = ("refused", "unreachable")

# Longer than a round trip in any house.
LAST_ERRORS_S = 0.1

# From linux/in.h, in6.h, errqueue.h and socket.h: with these a socket keeps every ICMP error that
# its datagrams cause, not only the one of a closed port (ip(7), ipv6(7): IP_RECVERR, IPV6_RECVERR).
_KEEP_ERRORS = {
    socket.AF_INET: (socket.IPPROTO_IP, 11),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),
}
_MSG_ERRQUEUE = 0x2000
_EXTENDED_ERROR = struct.Struct("IB")
_ORIGINS_ICMP = (2, 3)
_FROM_THE_NETWORK = (
    errno.ECONNREFUSED,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.EPROTO,
    errno.EACCES,
    errno.ENOPROTOOPT,
)
_FULL = (errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM)


class Sensor:
    """The TZSP port that the datagrams go to; `bytes` count UDP payload."""

    def __init__(self, address: tuple[str, int], notice: Notice) -> None:
        """Find the address. Raises InputError for a name that stands for none."""
        self.played = Played()
        self._notice = notice
        self._wrappers: dict[int, Callable[[bytes], bytes]] = {}
        try:
            found = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise InputError(f"{address[0]}: {getattr(error, 'strerror', error)}") from error
        family, kind, protocol, _, resolved = found[0]
        self._address: Any = resolved
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setsockopt(*_KEEP_ERRORS[family], 1)
        self._connected = False
        self._transmit = Transmitter(self._socket, self.played.retried).send
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        self.name = f"{host}:{address[1]}"

    def begin(self, capture: Playable) -> None:
        """Look at a capture. Raises InputError where all its link types are foreign."""
        require_known(capture.link_types(), capture.name)

    def send(self, record: Record) -> None:
        """Wrap one frame and send it, or count why not."""
        played = self.played
        played.read += 1
        played.read_bytes += len(record.frame)
        try:
            datagram = self._wrap(record)
            self._deliver(datagram)
        except UnsupportedEncapsulation as error:
            self._fail("unsupported_encapsulation", str(error))
        except DecodeError as error:
            self._fail("malformed", str(error))
        except OSError as error:
            self._lose(error, len(record.frame))
        else:
            played.sent += 1
            played.sent_bytes += len(datagram)
            played.truncated += record.original_length > len(record.frame)

    def finish(self) -> None:
        """Wait a moment for what the network says to the last datagrams."""
        errors = select.poll()
        errors.register(self._socket, 0)
        if self.played.sent and errors.poll(LAST_ERRORS_S * 1000):
            self._collect_errors()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _wrap(self, record: Record) -> bytes:
        number = record.link_type
        if number not in self._wrappers:
            self._wrappers[number] = _wrapper(number)
        return self._wrappers[number](record.frame)

    def _deliver(self, datagram: bytes) -> None:
        """Send one datagram; where an error speaks of an earlier one, send it once more.

        The route is looked up with the first: while there is none, datagrams are counted as failed.
        """
        if not self._connected:
            self._socket.connect(self._address)
            self._connected = True
        try:
            self._transmit(datagram)
        except OSError as error:
            if error.errno not in _FROM_THE_NETWORK:
                raise
            self._collect_errors()
            self._transmit(datagram)

    def _collect_errors(self) -> None:
        """Count what came back by ICMP since the last time."""
        with suppress(BlockingIOError):
            while True:
                _, notes, _, _ = self._socket.recvmsg(0, 512, _MSG_ERRQUEUE | socket.MSG_DONTWAIT)
                number, origin = _EXTENDED_ERROR.unpack_from(notes[0][2])
                if origin in _ORIGINS_ICMP:
                    self._count_return(number)

    def _count_return(self, number: int) -> None:
        if number == errno.ECONNREFUSED:
            self.played.returned["refused"] += 1
            self._notice("refused", f"{self.name}: nobody listens there")
        else:
            self.played.returned["unreachable"] += 1
            self._notice("unreachable", f"{self.name}: {os.strerror(number)}")

    def _lose(self, error: OSError, length: int) -> None:
        number = error.errno or 0
        if number == errno.EMSGSIZE:
            self._fail("oversize", f"{length} bytes are more than a datagram carries")
        elif number in _FULL:
            self._fail("no_buffer", f"{self.name}: {error.strerror}")
        else:
            self._fail("unreachable", f"{self.name}: {error.strerror}")

    def _fail(self, reason: str, text: str) -> None:
        self.played.failed[reason] += 1
        self._notice(reason, not_sent(self.played.read, text))


def _wrapper(number: int) -> Callable[[bytes], bytes]:
    """Return what makes datagrams of the frames of a link type."""
    link = link_type(number)

    def wrap(frame: bytes) -> bytes:
        require_bytes(frame)
        payload = memoryview(link.convert(memoryview(frame)))
        if link.encapsulation != Encapsulation.RADIOTAP:
            return tzsp.encode(payload, link.encapsulation)
        # RouterOS sends 802.11 bare, so that is what receivers know.
        bare, padded = strip_radiotap(payload)
        if padded:
            raise UnsupportedEncapsulation("802.11: padded header")
        return tzsp.encode(bare, Encapsulation.IEEE_802_11)

    return wrap
