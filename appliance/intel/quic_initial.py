# SPDX-License-Identifier: MIT
"""The name in the first packets of QUIC, whose key anybody can derive (RFC 9001, RFC 9369).

A client's Initial packets are encrypted with a key made of the connection ID that stands in them.
The ClientHello lies in them in pieces, in any order, and often in two packets. Pieces are kept for
a bounded number of connections; what the key does not fit is no QUIC.
"""

from __future__ import annotations

import ctypes
import functools
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.errors import DecodeError
from appliance.formats.tls_hello import hello_name

MOST_CONNECTIONS, MOST_BYTES, MOST_PIECES = 256, 8192, 128
MOST_PACKETS, MOST_FRAMES = 4, 256
_TAG, _SAMPLE, _LONGEST_ID = 16, 16, 20
_CRYPTO, _ACK, _ACK_ECN = 6, 2, 3
# PADDING and PING, of which there are a thousand in a row.
_FILLING = re.compile(rb"[\x00\x01]*")
_CLIENT_HELLO, _SET_TAG = 1, 0x11


@dataclass(frozen=True)
class QuicVersion:
    """What the keys of a version are made with, and the type of its Initial packets."""

    salt: bytes
    prefix: str
    initial: int


VERSIONS = {
    1: QuicVersion(bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), "quic", 0),
    0x6B3343CF: QuicVersion(bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), "quicv2", 1),
}


@dataclass(frozen=True, slots=True)
class InitialKeys:
    """The keys of a client's Initial packets."""

    key: bytes
    iv: bytes
    hp: bytes


def keys_of(version: QuicVersion, connection: bytes) -> InitialKeys:
    """Derive the keys of a client from the connection ID that it chose (RFC 9001, section 5.2)."""
    import hmac  # Only here: OpenSSL's library takes 2 MB, and many homes never need it.

    secret = hmac.digest(version.salt, connection, "sha256")
    client = _expanded(secret, "client in", 32)
    names = (("key", 16), ("iv", 12), ("hp", 16))
    return InitialKeys(*(_expanded(client, f"{version.prefix} {each}", n) for each, n in names))


def _expanded(secret: bytes, label: str, size: int) -> bytes:
    """HKDF-Expand-Label of TLS 1.3 without context, at most one block (RFC 8446, section 7.1)."""
    import hmac

    name = b"tls13 " + label.encode()
    info = size.to_bytes(2, "big") + bytes((len(name),)) + name + b"\0\1"
    return hmac.digest(secret, info, "sha256")[:size]


@dataclass
class QuicNames:
    """Names in Initial packets. Pieces of a ClientHello wait here for the others."""

    _pieces: OrderedDict[bytes, dict[int, bytes]] = field(default_factory=OrderedDict)

    def name(self, datagram: memoryview) -> bytes | None:
        """Return the name, in small letters, once a datagram of a client completes it."""
        found = None
        with _decoding():
            for connection, pieces in _initials(bytes(datagram)):
                found = self._put_together(connection, pieces) or found
        return found

    def _put_together(self, connection: bytes, pieces: dict[int, bytes]) -> bytes | None:
        known = self._pieces.pop(connection, {})
        known |= pieces
        hello = _joined(known)
        if hello[:1] not in (b"", bytes((_CLIENT_HELLO,))):
            return None
        name = hello_name(hello[4:]) if len(hello) > 4 else None
        if name is None and known and _is_small(known):
            self._pieces[connection] = known
            if len(self._pieces) > MOST_CONNECTIONS:
                self._pieces.popitem(last=False)
        return name


def _is_small(pieces: dict[int, bytes]) -> bool:
    return len(pieces) <= MOST_PIECES and sum(map(len, pieces.values())) <= MOST_BYTES


class _decoding:
    """Take what is too short, or does not fit, for no QUIC."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, IndexError | ValueError | DecodeError)


def _joined(pieces: dict[int, bytes]) -> bytes:
    """Return the bytes from the beginning on, as far as there is no gap."""
    found = b""
    for place in sorted(pieces):
        if place > len(found):
            break
        found += pieces[place][len(found) - place :]
    return found


def _initials(datagram: bytes) -> Iterator[tuple[bytes, dict[int, bytes]]]:
    """Yield the connection and the pieces of each Initial packet of a datagram."""
    for _ in range(MOST_PACKETS):
        if len(datagram) < 7 or datagram[0] & 0xC0 != 0xC0:
            return
        version = VERSIONS.get(int.from_bytes(datagram[1:5], "big"))
        if version is None or datagram[0] >> 4 & 3 != version.initial:
            return
        connection, start, end = _header(datagram)
        plain = _opened(datagram[:end], start, keys_of(version, connection))
        if plain is None:
            return
        yield connection, dict(_crypto(plain))
        datagram = datagram[end:]


def _header(packet: bytes) -> tuple[bytes, int, int]:
    """Return connection ID, and where number and packet begin and end (RFC 9000, section 17.2.2).

    Raises IndexError, ValueError.
    """
    size = packet[5]
    connection = packet[6 : 6 + size]
    place = 6 + size
    place += 1 + packet[place]
    token, place = _varint(packet, place)
    length, place = _varint(packet, place + token)
    if size > _LONGEST_ID or place + length > len(packet) or length < 4 + _SAMPLE:
        raise ValueError("QUIC: cut off")
    return connection, place, place + length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number and the place behind it (RFC 9000, section 16). Raises IndexError."""
    size = 1 << (data[place] >> 6)
    if place + size > len(data):
        raise IndexError("QUIC: cut off")
    value = int.from_bytes(data[place : place + size], "big")
    return value & ((1 << (8 * size - 2)) - 1), place + size


def _opened(packet: bytes, start: int, keys: InitialKeys) -> bytes | None:
    """Take off the protection of a packet; None where the key does not fit (RFC 9001, 5.3, 5.4)."""
    mask = _ecb(keys.hp, packet[start + 4 : start + 4 + _SAMPLE])
    first = packet[0] ^ mask[0] & 0x0F
    size = (first & 3) + 1
    number = bytes(a ^ b for a, b in zip(packet[start : start + size], mask[1:], strict=False))
    header = bytes((first,)) + packet[1:start] + number
    nonce = (int.from_bytes(keys.iv, "big") ^ int.from_bytes(number, "big")).to_bytes(12, "big")
    return _gcm(keys.key, nonce, header, packet[start + size :])


def _crypto(plain: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the pieces of the handshake (RFC 9000, section 19). Raises IndexError."""
    place = 0
    for _ in range(MOST_FRAMES):
        place = _FILLING.match(plain, place).end()  # type: ignore[union-attr]
        if place >= len(plain):
            return
        kind = plain[place]
        if kind == _CRYPTO:
            offset, place = _varint(plain, place + 1)
            size, place = _varint(plain, place)
            if size and offset < MOST_BYTES:
                yield offset, plain[place : place + size]
            place += size
        elif kind in (_ACK, _ACK_ECN):
            place = _behind_ack(plain, place + 1, kind == _ACK_ECN)
        else:
            return


def _behind_ack(plain: bytes, place: int, has_counts: bool) -> int:
    _, place = _varint(plain, place)
    _, place = _varint(plain, place)
    ranges, place = _varint(plain, place)
    for _ in range(1 + 2 * min(ranges, MOST_FRAMES) + 3 * has_counts):
        _, place = _varint(plain, place)
    return place


@functools.cache
def _library() -> ctypes.CDLL:
    """Return OpenSSL's libcrypto, which Python itself needs. Raises OSError."""
    library = ctypes.CDLL("libcrypto.so.3")
    for name in ("EVP_CIPHER_CTX_new", "EVP_aes_128_gcm", "EVP_aes_128_ecb"):
        getattr(library, name).restype = ctypes.c_void_p
        getattr(library, name).argtypes = []
    pointer, number = ctypes.c_void_p, ctypes.c_int
    library.EVP_CIPHER_CTX_free.argtypes = [pointer]
    library.EVP_CIPHER_CTX_free.restype = None
    library.EVP_CIPHER_CTX_ctrl.argtypes = [pointer, number, number, ctypes.c_char_p]
    for name in ("EVP_EncryptInit_ex", "EVP_DecryptInit_ex"):
        key = [ctypes.c_char_p, ctypes.c_char_p]
        getattr(library, name).argtypes = [pointer, pointer, pointer, *key]
    for name in ("EVP_EncryptUpdate", "EVP_DecryptUpdate"):
        into = [ctypes.c_char_p, ctypes.POINTER(number)]
        getattr(library, name).argtypes = [pointer, *into, ctypes.c_char_p, number]
    library.EVP_DecryptFinal_ex.argtypes = [pointer, ctypes.c_char_p, ctypes.POINTER(number)]
    return library


def is_possible() -> bool:
    """Tell whether there is a library that can take the encryption off."""
    try:
        _library()
    except OSError:
        return False
    return True


def _ecb(key: bytes, block: bytes) -> bytes:
    library = _library()
    context = library.EVP_CIPHER_CTX_new()
    out, size = ctypes.create_string_buffer(32), ctypes.c_int()
    try:
        library.EVP_EncryptInit_ex(context, library.EVP_aes_128_ecb(), None, key, None)
        library.EVP_EncryptUpdate(context, out, ctypes.byref(size), block, len(block))
    finally:
        library.EVP_CIPHER_CTX_free(context)
    return out.raw[:16]


def _gcm(key: bytes, nonce: bytes, header: bytes, sealed: bytes) -> bytes | None:
    """Return what was sealed; None where the tag does not fit."""
    library, text = _library(), sealed[:-_TAG]
    context = library.EVP_CIPHER_CTX_new()
    out, size = ctypes.create_string_buffer(len(text) + 16), ctypes.c_int()
    try:
        library.EVP_DecryptInit_ex(context, library.EVP_aes_128_gcm(), None, key, nonce)
        library.EVP_DecryptUpdate(context, None, ctypes.byref(size), header, len(header))
        library.EVP_DecryptUpdate(context, out, ctypes.byref(size), text, len(text))
        library.EVP_CIPHER_CTX_ctrl(context, _SET_TAG, _TAG, sealed[-_TAG:])
        fits = library.EVP_DecryptFinal_ex(context, None, ctypes.byref(size)) == 1
    finally:
        library.EVP_CIPHER_CTX_free(context)
    return out.raw[: len(text)] if fits else None
