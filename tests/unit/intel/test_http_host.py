# SPDX-License-Identifier: MIT
"""Hosts in requests of HTTP."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.intel.http_host import http_host


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        (b"GET / HTTP/1.1\r\nHost: WWW.Bad.Example\r\n\r\n", b"www.bad.example"),
        (b"POST /a HTTP/1.1\r\nA: b\r\nhost:bad.example:8080\r\n", b"bad.example"),
        (b"GET /\nHost: bad.example\n\n", b"bad.example"),
        (b"GET / HTTP/1.1\r\nX-Host: bad.example\r\n\r\n", None),
        (b"GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nHost: bad.example\r\n\r\n", None),
        (b"GET /" + b"a" * 5000 + b"\r\nHost: bad.example\r\n", None),
        (b"", None),
    ],
)
def test_the_host_of_a_request(payload: bytes, wanted: bytes | None) -> None:
    assert http_host(memoryview(payload)) == wanted


@given(st.binary(max_size=600))
def test_any_bytes_are_read_without_harm(tail: bytes) -> None:
    found = http_host(memoryview(b"GET / HTTP/1.1\r\nHost: " + tail))
    assert found is None or 0 < len(found) <= 253
