# SPDX-License-Identifier: MIT
"""Passwords against hashes by crypt(5), as Raspberry Pi Imager writes them.

Only such a hash is known then, never the password, so it cannot be turned into one of ours. The C
library that made it for the login of other systems checks it.
"""

from __future__ import annotations

import ctypes
import functools
import hmac

LIBRARY = "libcrypt.so.1"


def matches(hashed: str, password: str) -> bool:
    """Tell whether `hashed` is of `password`; one caller at a time, crypt(3) has a single buffer.

    Raises ValueError for a hash that the library does not know, or where there is no library.
    """
    if "\0" in password:
        return False
    # Imager before 2.0.11 hashed a pasted password with the end of its line.
    results = [_crypt()(f"{password}{end}".encode(), hashed.encode()) for end in ("", "\n", "\r\n")]
    # A failure is None, or a text with a star, which no hash begins with.
    if any(result is None or result.startswith(b"*") for result in results):
        raise ValueError("not a hash by crypt(5)")
    return any([hmac.compare_digest(result, hashed.encode()) for result in results])


@functools.cache
def _crypt() -> ctypes._NamedFuncPointer:
    try:
        function = ctypes.CDLL(LIBRARY).crypt
    except OSError as error:
        raise ValueError(f"{LIBRARY} cannot be loaded") from error
    function.argtypes, function.restype = [ctypes.c_char_p, ctypes.c_char_p], ctypes.c_char_p
    return function
