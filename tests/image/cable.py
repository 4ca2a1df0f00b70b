# SPDX-License-Identifier: MIT
"""The cable from a guest's port to a switch in a namespace (tests/net/kit.py)."""

from __future__ import annotations

import contextlib
import select
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from image.build.context import BUILD
from image.build.image import Image
from image.machine.guest import Guest
from tests.net.kit import Segment, inside

_ETH_P_ALL = 0x0003
_PACKET_OUTGOING = 4
_SO_RCVBUFFORCE = 33
# Boot, Snort's start and the guard's look, on a machine that others use too.
BOOT_SECONDS = 300.0


class Cable(threading.Thread):
    """Carries frames between the guest and whichever switch it is plugged into."""

    def __init__(self, address: Path) -> None:
        super().__init__(daemon=True)
        self.guest = address
        self._here = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._folder = tempfile.TemporaryDirectory(prefix="glovebox-cable-")
        self.address = Path(self._folder.name) / "switch.sock"
        self._here.bind(str(self.address))
        self._switch: socket.socket | None = None
        self._over = threading.Event()

    def plug(self, segment: Segment) -> None:
        """Plug it into a switch, and out of the one before."""
        namespace = segment.station("guest")
        with inside(namespace):
            port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        # Whatever comes at once waits here for the guest, which is the slower of the two.
        port.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 32 << 20)
        port.bind(("eth0", _ETH_P_ALL))
        before, self._switch = self._switch, port
        if before:
            before.close()

    def run(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError, ValueError):
                self._carry()

    def _carry(self) -> None:
        switch = self._switch
        ends = [self._here] if switch is None else [self._here, switch]
        for end in select.select(ends, [], [], 0.05)[0]:
            frame, sender = end.recvfrom(1 << 16)
            if end is self._here:
                if switch is not None:
                    switch.send(frame)
            elif sender[2] != _PACKET_OUTGOING:
                self._here.sendto(frame, str(self.guest))

    def close(self) -> None:
        self._over.set()
        self.join()
        self._here.close()
        if self._switch:
            self._switch.close()
        self._folder.cleanup()


@contextlib.contextmanager
def plugged_guest(image: Image, segment: Segment, *extra: str) -> Iterator[tuple[Guest, Cable]]:
    """Boot an image whose port is plugged into a switch."""
    cable = Cable(Path())
    guest = Guest(image, BUILD, extra=extra, network=cable.address)
    cable.guest = guest.address
    cable.plug(segment)
    cable.start()
    try:
        with guest:
            yield guest, cable
    finally:
        cable.close()
