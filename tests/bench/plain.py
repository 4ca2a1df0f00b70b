# SPDX-License-Identifier: MIT
"""The simple way in Python: a datagram received, a frame sent. Usage: plain.py PORT INTERFACE"""

from __future__ import annotations

import socket
import sys

HEADER = b"\x01\x00\x00\x01\x01"
RECEIVE_BUFFER = 64 << 20
SO_RCVBUFFORCE = 33


def main() -> None:
    """Forward until killed."""
    receiver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    receiver.bind(("::", int(sys.argv[1])))
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.bind((sys.argv[2], 0))
    buffer = bytearray(65536)
    view = memoryview(buffer)
    while True:
        length = receiver.recv_into(buffer)
        if buffer.startswith(HEADER):
            sender.send(view[len(HEADER) : length])


if __name__ == "__main__":
    main()
