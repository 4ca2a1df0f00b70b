# SPDX-License-Identifier: MIT
"""A network interface as a destination of captures: what it does not take is counted by reason."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress

from appliance.errors import DecodeError, InterfaceError, PrivilegeError
from appliance.formats.ethernet import HEADER_LENGTH, as_ethernet
from appliance.formats.linktypes import ETHERNET, link_type, require_known
from appliance.formats.pcap import Record
from appliance.formats.tzsp import UnsupportedEncapsulation
from appliance.tools.player import Notice, not_sent, require_bytes
from appliance.tools.playlist import Playable
from appliance.tools.summary import Played
from appliance.tools.transmit import Transmitter
from appliance.udp.interface import mtu, open_interface

_GONE = (errno.ENXIO, errno.ENODEV)
_REASONS = {
    errno.EINVAL: "malformed",
    errno.ENOBUFS: "no_buffer",
    errno.EAGAIN: "no_buffer",
    errno.ENOMEM: "no_buffer",
}

Convert = Callable[[bytes], bytes | memoryview]


class Outlet:
    """A network interface that takes every frame as an Ethernet frame."""

    def __init__(self, name: str, notice: Notice) -> None:
        """Open the interface. Raises InterfaceError, PrivilegeError."""
        self.played = Played()
        self._name = name
        self._notice = notice
        self._converters: dict[int, Convert] = {}
        self._open()

    def begin(self, capture: Playable) -> None:
        """Look at a capture. Raises InputError where all its link types are foreign."""
        require_known(capture.link_types(), capture.name)

    def send(self, record: Record) -> None:
        """Convert one frame and send it, or count why not."""
        played = self.played
        played.read += 1
        played.read_bytes += len(record.frame)
        try:
            frame = self._convert(record)
            self._transmit(frame)
        except UnsupportedEncapsulation as error:
            self._fail("unsupported_encapsulation", str(error))
        except DecodeError as error:
            self._fail("malformed", str(error))
        except OSError as error:
            self._lose(error)
        else:
            played.sent += 1
            played.sent_bytes += len(frame)
            played.truncated += record.original_length > len(record.frame)

    def finish(self) -> None:
        """Do nothing: an interface tells at once what it does not take."""

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _convert(self, record: Record) -> bytes | memoryview:
        number = record.link_type
        if number not in self._converters:
            self._converters[number] = _converter(number)
        return self._converters[number](record.frame)

    def _open(self) -> None:
        self._socket = open_interface(self._name)
        self._transmit = Transmitter(self._socket, self.played.retried).send

    def _lose(self, error: OSError) -> None:
        """Count a frame that the kernel refused, and find an interface that was made anew."""
        number = error.errno or 0
        if number == errno.EMSGSIZE:
            limit = mtu(self._name)
            self._fail("oversize", f"longer than {self._name} takes (its MTU is {limit})")
        else:
            self._fail(_REASONS.get(number, "interface_down"), f"{self._name}: {error.strerror}")
        if number in _GONE:
            old = self._socket
            with suppress(InterfaceError, PrivilegeError):
                self._open()
                old.close()

    def _fail(self, reason: str, text: str) -> None:
        self.played.failed[reason] += 1
        self._notice(reason, not_sent(self.played.read, text))


def _converter(number: int) -> Convert:
    link = link_type(number)
    if link is ETHERNET:
        return _whole_header

    def convert(frame: bytes) -> memoryview | bytes:
        require_bytes(frame)
        return as_ethernet(link.encapsulation, memoryview(link.convert(memoryview(frame))))

    return convert


def _whole_header(frame: bytes) -> bytes:
    if len(frame) < HEADER_LENGTH:
        require_bytes(frame)
        raise DecodeError("shorter than the Ethernet header")
    return frame
