# SPDX-License-Identifier: MIT
"""Connections with an attack in them, and what is to hide it from who looks on."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import chain

from tests.frames import tcp_frame

HTTP = 80
CLIENT, SERVER = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
SYN, RST, ACK, RST_ACK, PUSH_ACK, SYN_ACK = 0x02, 0x04, 0x10, 0x14, 0x18, 0x12
REQUEST = b"GET /${jndi:dns:a} HTTP/1.1\r\nHost: a\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CUT = 9  # so that only who puts the stream together finds it
# Ours: Log4Shell, looked for in what the client says; who opens more than a hundred a second.
ATTACK_SID, FLOOD_SID = 1_000_111, 1_000_160
CROWD, INVENTOR = 40_000, "198.51.100.1"
PORT = 30_000
#: The true connections of the crowd, which are none of those before.
IN_CROWD = (100, 101)
CASES = ("none", "forged reset", "forged reset of the server", "forged bytes", "stale reset")


class Side:
    """One connection, from the client's port on; both sides begin at 1,000."""

    def __init__(self, port: int, client: bytes = CLIENT) -> None:
        self._port, self._client = port, client

    def frame(
        self, flags: int, sent: int, got: int, payload: bytes = b"", back: bool = False,
        forged: bool = False,
    ) -> bytes:  # fmt: skip
        """Build one frame, `sent` and `got` bytes into the connection; forged: a wrong sum."""
        ports = (HTTP, self._port) if back else (self._port, HTTP)
        source, destination = (SERVER, self._client) if back else (self._client, SERVER)
        places = 1000 + sent & 0xFFFFFFFF, 1000 + got if flags & ACK else 0
        segment = struct.pack("!HHIIBBHHH", *ports, *places, 5 << 4, flags, 64000, 0, 0) + payload
        return tcp_frame(source, destination, segment, forged)

    def opened(self) -> list[bytes]:
        """Return the three frames that open it."""
        return [
            self.frame(SYN, 0, 0),
            self.frame(SYN_ACK, 0, 1, back=True),
            self.frame(ACK, 1, 1),
        ]

    def attacked(self) -> list[bytes]:
        """Return the attack in two pieces, the answer to it, and that the client has it.

        Suricata looks at what a client said when the client's next frame passes, or at the end.
        """
        return [
            self.frame(PUSH_ACK, 1, 1, REQUEST[:CUT]),
            self.frame(ACK, 1, 1 + CUT, back=True),
            self.frame(PUSH_ACK, 1 + CUT, 1, REQUEST[CUT:]),
            self.frame(PUSH_ACK, 1, 1 + len(REQUEST), ANSWER, back=True),
            self.frame(ACK, 1 + len(REQUEST), 1 + len(ANSWER)),
        ]

    def disturbed(self, case: str) -> list[bytes]:
        """Return it whole, with what is to hide the attack before that."""
        between = {
            "none": [],
            "forged reset": [self.frame(RST, 1, 0, forged=True)],
            "forged reset of the server": [self.frame(RST_ACK, 1, 1, back=True, forged=True)],
            "forged bytes": [self.frame(PUSH_ACK, 1, 1, b"x" * len(REQUEST), forged=True)],
            "stale reset": [self.frame(RST, 1 + 0x7000000, 0)],
        }
        return self.opened() + between[case] + self.attacked()


def cases() -> list[bytes]:
    """Return a connection for each of CASES, one after the other, from PORT on."""
    each = [Side(PORT + number).disturbed(case) for number, case in enumerate(CASES)]
    return list(chain(*each))


def crowd() -> Iterator[bytes]:
    """Yield a connection that rests while CROWD others are invented, and one after them."""
    before, after = (Side(PORT + place) for place in IN_CROWD)
    invented = (
        Side(1024 + number, IPv4Address(INVENTOR).packed).frame(SYN, 0, 0)
        for number in range(CROWD)
    )
    return chain(before.opened(), invented, before.attacked(), after.opened(), after.attacked())
