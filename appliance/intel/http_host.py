# SPDX-License-Identifier: MIT
"""The host that a request over plain HTTP/1 names (RFC 9112 sections 3 and 5)."""

from __future__ import annotations

import re

METHODS = (b"GET ", b"POST", b"HEAD", b"PUT ", b"OPTI", b"CONN", b"DELE", b"PATC")
# Of a request the rest is the path, and cookies: hosts stand in front.
_LOOKED_AT = 4096
_HOST = re.compile(rb"\r?\nhost:[ \t]{0,16}([^\s:/\[]{1,253})", re.IGNORECASE)


def http_host(payload: memoryview) -> bytes | None:
    """Return the host in small letters without its port; None where none stands in the segment."""
    head = bytes(payload[:_LOOKED_AT])
    if head[:4] not in METHODS:
        return None
    found = _HOST.search(head)
    return found[1].lower() if found else None
