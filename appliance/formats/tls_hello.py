# SPDX-License-Identifier: MIT
"""The name that a client wants to reach by TLS (RFC 8446 section 4.1.2, RFC 6066 section 3)."""

from __future__ import annotations

import struct

from appliance.errors import DecodeError

_RECORD_HEADER, _HANDSHAKE_HEADER = 5, 4
_FIXED = 2 + 32  # version, random
_SERVER_NAME, _HOST_NAME = 0, 0
# A host's name as text (RFC 1035 section 3.1); who looks one up pays for each of its parts.
LONGEST_NAME = 253
# Browsers send some twenty extensions; the name is among the first.
_MOST_EXTENSIONS = 128
_U16 = struct.Struct("!H")


def is_client_hello(payload: memoryview) -> bool:
    """Tell whether a segment begins with a ClientHello in a TLS record."""
    return len(payload) > 5 and payload[0] == 0x16 and payload[1] == 3 and payload[5] == 1


def server_name(payload: memoryview) -> bytes | None:
    """Return the server's name in small letters; None where none stands in these bytes.

    `payload` is the beginning of a connection; what a segment cut off is not waited for. Raises
    DecodeError where the bytes do not follow the protocol.
    """
    return hello_name(bytes(payload[_RECORD_HEADER + _HANDSHAKE_HEADER :]))


def hello_name(hello: bytes) -> bytes | None:
    """Return what `server_name` does, from the body of a ClientHello."""
    try:
        position = _FIXED
        position += 1 + hello[position]  # session
        position += 2 + _u16(hello, position)  # ciphers
        position += 1 + hello[position]  # compressions
        end = position + 2 + _u16(hello, position)
        position += 2
        for _ in range(_MOST_EXTENSIONS):
            if position + 4 > min(end, len(hello)):
                break
            kind, size = _u16(hello, position), _u16(hello, position + 2)
            if kind == _SERVER_NAME:
                return _first_name(hello[position + 4 : position + 4 + size])
            position += 4 + size
    except (IndexError, struct.error):
        return None
    return None


def _first_name(extension: bytes) -> bytes | None:
    if len(extension) < 5:
        return None
    if extension[2] != _HOST_NAME:
        raise DecodeError("TLS: a name that is no host's")
    size = _u16(extension, 3)
    name = extension[5 : 5 + size]
    return name.lower() if len(name) == size <= LONGEST_NAME else None


def _u16(data: bytes, position: int) -> int:
    return int(_U16.unpack_from(data, position)[0])
