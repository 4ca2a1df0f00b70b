"""Capture files onto an interface, at their own speed or another: what tcpreplay does."""

from __future__ import annotations

import argparse
import errno
import json
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

from appliance.errors import DecodeError, InterfaceError, PrivilegeError
from appliance.formats.ethernet import as_ethernet
from appliance.formats.linktypes import ETHERNET, LinkType, link_type
from appliance.formats.tzsp import UnsupportedEncapsulation
from appliance.reports.outcomes import REASONS, Tally
from appliance.tools.captures import Record
from appliance.tools.options import add_play_arguments, run
from appliance.tools.player import Notice, Notices
from appliance.tools.playlist import Playable, source
from appliance.tools.summary import Played, summary
from appliance.tools.transmit import Transmitter
from appliance.udp.interface import mtu, open_interface

EPILOG = """\
exit status when playing: 0 all frames sent; 1 some frames not sent; 2 bad usage, or a file that is
no capture or is cut off (what is whole is sent); 3 no such interface; 4 a capability is missing
(CAP_NET_RAW); 130 stopped by SIGINT, SIGTERM or SIGHUP. The summary is printed in any case."""

_GONE = (errno.ENXIO, errno.ENODEV)
_REASONS = {
    errno.EINVAL: "malformed",
    errno.ENOBUFS: "no_buffer",
    errno.EAGAIN: "no_buffer",
    errno.ENOMEM: "no_buffer",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for playing; play() also reads `interface`, `files` and `report`."""
    add_play_arguments(parser)
    parser.epilog = EPILOG


def play(arguments: argparse.Namespace) -> int:
    """Play `arguments.files` onto `arguments.interface`; return the exit status.

    Prints tcpreplay's summary, or with `arguments.report` == "json" the counters, however the run
    ends. Raises InputError, InterfaceError, PrivilegeError.
    """
    notices = Notices("replay")
    with closing(Interface(arguments.interface, notices.once)) as interface:

        def describe(played: Played) -> str:
            if arguments.report == "json":
                return json.dumps(counters(played))
            return summary(played, f"network device: {arguments.interface}")

        sources = [source(name) for name in arguments.files]
        return run(arguments, sources, interface, notices.once, describe)


def counters(played: Played) -> dict[str, Any]:
    """Return the counts under the names of the receiving side, a record for a datagram."""
    outcomes = [played.sent, 0, *(played.failed[reason] for reason in REASONS)]
    tally = Tally(outcomes, played.read_bytes, played.sent_bytes)
    none = {"socket_overflow": 0, "reassembly_failures": 0}
    return tally.as_json() | none | played.run_as_json()


class Interface:
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
