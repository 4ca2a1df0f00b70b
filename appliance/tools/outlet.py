"""A network interface as a destination of captures: what it does not take is counted by reason."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress

from appliance.errors import DecodeError, InterfaceError, PrivilegeError
from appliance.formats.ethernet import as_ethernet
from appliance.formats.linktypes import ETHERNET, LinkType, link_type
from appliance.formats.tzsp import UnsupportedEncapsulation
from appliance.tools.captures import Record
from appliance.tools.player import Notice
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


class Outlet:
    """A network interface that takes every frame as an Ethernet frame."""

    def __init__(self, name: str, notice: Notice) -> None:
        """Open the interface. Raises InterfaceError, PrivilegeError."""
        self.played = Played()
        self._name = name
        self._notice = notice
        self._convert = _converter(ETHERNET)
        self._open()

    def begin(self, capture: Playable) -> None:
        """Get ready for the frames of a capture. Raises InputError for a foreign link type."""
        self._convert = _converter(link_type(capture.link_type, capture.name))

    def send(self, record: Record) -> None:
        """Convert one frame and send it, or count why not."""
        played = self.played
        played.read += 1
        played.read_bytes += len(record.frame)
        try:
            frame = self._convert(record.frame)
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
        self._notice(reason, f"packet {self.played.read} not sent: {text}")


def _converter(link: LinkType) -> Callable[[bytes], bytes | memoryview]:
    if link is ETHERNET:
        return _unchanged
    return lambda frame: as_ethernet(
        link.encapsulation, memoryview(link.convert(memoryview(frame)))
    )


def _unchanged(frame: bytes) -> bytes:
    return frame
