# SPDX-License-Identifier: MIT
"""Put the frames of a batch on the sniffing interface, whatever state it is in."""

from __future__ import annotations

import errno
import logging
import time

import numpy as np
from numpy.typing import NDArray

from appliance.errors import InterfaceError, PrivilegeError
from appliance.receiver.mmsg import Batch
from appliance.reports.outcomes import Outcome
from appliance.udp.interface import open_interface

log = logging.getLogger(__name__)

# A full queue gets this many pauses in one batch; the receive buffer bridges them.
RETRIES = 5
RETRY_PAUSE_S = 0.0001
# An interface that is gone is looked for this often while datagrams come in.
REOPEN_AFTER_S = 0.1

_LOST = (errno.ENETDOWN, errno.ENXIO, errno.ENODEV)
_FULL = (errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM)
_OUTCOMES = {errno.EMSGSIZE: Outcome.OVERSIZE, errno.EINVAL: Outcome.MALFORMED}


class Injector:
    """Sends on one interface; finds it again after it was down, or away and made anew.

    The kernel judges each frame: it alone knows the present MTU and what a VLAN tag adds to it.
    """

    def __init__(self, interface: str) -> None:
        """Open the interface. Raises InterfaceError, PrivilegeError."""
        self._interface = interface
        self._socket = open_interface(interface)
        self._lost = False
        self._reopen_at = 0.0

    def send(self, batch: Batch, count: int) -> NDArray[np.uint8] | None:
        """Send the first `count` frames; return None where all went, else the Outcome of each."""
        outcomes: NDArray[np.uint8] | None = None
        position, retries = 0, RETRIES
        while position < count:
            try:
                position += batch.send(self._socket.fileno(), position, count - position)
            except OSError as error:
                if error.errno in _FULL and retries:
                    retries -= 1
                    time.sleep(RETRY_PAUSE_S)
                    continue
                if error.errno in _LOST and self._reopen(error):
                    continue
                if outcomes is None:
                    outcomes = np.zeros(count, np.uint8)
                if error.errno in _LOST:
                    outcomes[position:] = Outcome.INTERFACE_DOWN
                    return outcomes
                outcomes[position] = _OUTCOMES.get(error.errno or 0, Outcome.NO_BUFFER)
                position += 1
        if self._lost:
            self._lost = False
            log.info("interface %s is back", self._interface)
        return outcomes

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _reopen(self, reason: OSError) -> bool:
        """Open the interface by its name once more, if it is time to; tell whether that worked."""
        if not self._lost:
            self._lost = True
            log.warning(
                "interface %s: %s; frames are dropped and counted until it is back",
                self._interface,
                reason.strerror,
            )
        now = time.monotonic()
        if now < self._reopen_at:
            return False
        self._reopen_at = now + REOPEN_AFTER_S
        try:
            fresh = open_interface(self._interface)
        except (InterfaceError, PrivilegeError):
            return False
        self._socket.close()
        self._socket = fresh
        return True
