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
    result = _crypt()(password.encode(), hashed.encode())
    # A failure is None, or a text with a star, which no hash begins with.
    if result is None or result.startswith(b"*"):
        raise ValueError("not a hash by crypt(5)")
    return hmac.compare_digest(result, hashed.encode())


@functools.cache
def _crypt() -> ctypes._NamedFuncPointer:
    try:
        function = ctypes.CDLL(LIBRARY).crypt
    except OSError as error:
        raise ValueError(f"{LIBRARY} cannot be loaded") from error
    function.argtypes, function.restype = [ctypes.c_char_p, ctypes.c_char_p], ctypes.c_char_p
    return function
