# SPDX-License-Identifier: MIT
"""RouterOS' scripting language: how text from outside gets into it unharmed. Pure.

Source: RouterOS manual, Scripting, "Constant escape sequences".
"""

from __future__ import annotations

import string

PLAIN = frozenset((string.ascii_letters + string.digits + " ._:/,@+-").encode())


def quote(text: str) -> str:
    r"""Return `text` as a quoted string: each byte that could mean something as `\HH`.

    `"`, `\`, `$` and `[` would end the string or start code, `?` asks the terminal for help. What
    is not ASCII goes by its bytes in UTF-8, which is what travels in a Wi-Fi beacon; what came from
    a router as other bytes (WinBox writes those of Windows) goes back as those.
    """
    octets = text.encode("utf-8", "surrogateescape")
    return '"' + "".join(chr(b) if b in PLAIN else f"\\{b:02X}" for b in octets) + '"'
