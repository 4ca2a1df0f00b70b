# SPDX-License-Identifier: MIT
"""Names in ClientHellos: one that OpenSSL wrote, and hostile ones."""

from __future__ import annotations

import ssl
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats.tls_hello import LONGEST_NAME, hello_name, is_client_hello, server_name


def hello(name: str = "www.bad.example", newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """Return the first bytes of a connection, as OpenSSL writes them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = newest
    outgoing = ssl.MemoryBIO()
    connection = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()


HELLO = hello()


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_name_is_found(newest: ssl.TLSVersion) -> None:
    payload = memoryview(hello("WWW.Bad.Example", newest))
    assert is_client_hello(payload)
    assert server_name(payload) == b"www.bad.example"


def test_a_hello_without_a_name_has_none() -> None:
    # What is called by its address names nobody (RFC 6066 section 3).
    assert server_name(memoryview(hello("192.0.2.1"))) is None


def test_a_name_that_is_cut_off_is_none() -> None:
    whole = hello()
    place = whole.index(b"www.bad.example")
    assert server_name(memoryview(whole[: place + 5])) is None


def test_a_name_of_another_kind_is_refused() -> None:
    whole = hello()
    place = whole.index(b"www.bad.example")
    wrong = whole[: place - 3] + b"\7" + whole[place - 2 :]
    with pytest.raises(DecodeError):
        server_name(memoryview(wrong))


def body_with(name: bytes) -> bytes:
    """Return a ClientHello's body with a name of any bytes and length, as no library writes it."""
    listed = struct.pack("!HBH", len(name) + 3, 0, len(name)) + name
    extension = struct.pack("!HH", 0, len(listed)) + listed
    return bytes(34) + b"\0" + b"\0\0" + b"\0" + struct.pack("!H", len(extension)) + extension


def test_a_name_that_no_host_can_have_is_none() -> None:
    """Sixty thousand dots in one segment took a tenth of a second to look up."""
    longest = b"a." * 126 + b"a"
    assert len(longest) == LONGEST_NAME
    assert hello_name(body_with(longest)) == longest
    assert hello_name(body_with(longest + b"a")) is None
    assert hello_name(body_with(b"a." * 30_000)) is None


def test_extensions_without_end_are_not_followed() -> None:
    """Sixteen thousand empty ones in one segment took 8 ms."""
    before = {count: b"\0\7\0\0" * count for count in (100, 16_000)}
    found = {}
    for count, empty in before.items():
        body = body_with(b"bad.example")
        size = struct.pack("!H", len(body) - 40 + len(empty))
        found[count] = hello_name(body[:38] + size + empty + body[40:])
    assert found == {100: b"bad.example", 16_000: None}


def test_other_segments_are_no_hello() -> None:
    for other in (b"", b"\x16\x03\x01\0\1\2", b"GET / HTTP/1.1", b"\x17\x03\x03\0\1\1"):
        assert not is_client_hello(memoryview(other))


@given(st.binary(max_size=400), st.integers(0, 400))
def test_any_bytes_are_read_without_harm(tail: bytes, kept: int) -> None:
    head = b"\x16\x03\x01" + struct.pack("!H", 512) + b"\x01\0\1\xfc\x03\x03"
    for payload in (head + tail, HELLO[:kept] + tail):
        try:
            name = server_name(memoryview(payload))
        except DecodeError:
            continue
        assert name is None or len(name) <= LONGEST_NAME
