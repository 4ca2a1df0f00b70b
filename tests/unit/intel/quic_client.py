# SPDX-License-Identifier: MIT
"""A client's first packets of QUIC, made by OpenSSL the other way round."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from appliance.intel import quic_initial
from appliance.intel.quic_initial import VERSIONS, InitialKeys

V1, V2 = 1, 0x6B3343CF
CONNECTION = bytes.fromhex("8394c8f03e515708")


def varint(value: int) -> bytes:
    """Return a number of four bytes (RFC 9000, section 16)."""
    return (value | 0x8000_0000).to_bytes(4, "big")


def crypto(offset: int, data: bytes) -> bytes:
    """Return a frame with a piece of the handshake."""
    return b"\6" + varint(offset) + varint(len(data)) + data


def initial(
    frames: Sequence[bytes], version: int = V1, number: int = 2, connection: bytes = CONNECTION
) -> bytes:
    """Return a packet with these frames, filled up to 1,200 bytes, and protected."""
    known = VERSIONS[version]
    keys = quic_initial.keys_of(known, connection)
    plain = b"".join(frames)
    plain += bytes(max(0, 1120 - len(plain)))
    first = 0xC3 | known.initial << 4
    header = bytes((first,)) + version.to_bytes(4, "big")
    header += bytes((len(connection),)) + connection + b"\0" + varint(0)
    header += varint(4 + len(plain) + 16) + number.to_bytes(4, "big")
    sealed = _sealed(keys, number, header, plain)
    return _protected(keys, header, sealed)


def _protected(keys: InitialKeys, header: bytes, sealed: bytes) -> bytes:
    mask = quic_initial._ecb(keys.hp, sealed[:16])
    number = bytes(a ^ b for a, b in zip(header[-4:], mask[1:5], strict=True))
    return bytes((header[0] ^ mask[0] & 0x0F,)) + header[1:-4] + number + sealed


def _sealed(keys: InitialKeys, number: int, header: bytes, plain: bytes) -> bytes:
    library = quic_initial._library()
    library.EVP_EncryptFinal_ex.argtypes = library.EVP_DecryptFinal_ex.argtypes
    nonce = (int.from_bytes(keys.iv, "big") ^ number).to_bytes(12, "big")
    context = library.EVP_CIPHER_CTX_new()
    out, tag = ctypes.create_string_buffer(len(plain) + 16), ctypes.create_string_buffer(16)
    size = ctypes.byref(ctypes.c_int())
    library.EVP_EncryptInit_ex(context, library.EVP_aes_128_gcm(), None, keys.key, nonce)
    library.EVP_EncryptUpdate(context, None, size, header, len(header))
    library.EVP_EncryptUpdate(context, out, size, plain, len(plain))
    library.EVP_EncryptFinal_ex(context, None, size)
    library.EVP_CIPHER_CTX_ctrl(context, 0x10, 16, tag)
    library.EVP_CIPHER_CTX_free(context)
    return out.raw[: len(plain)] + tag.raw
