# SPDX-License-Identifier: MIT
"""The key by which secondaries sign, and by which they know the zone is ours (TSIG, RFC 8945).

It is made on the machine, when it is wanted first: there is none that two machines have.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import secrets
from pathlib import Path

from appliance import files

FOLDER = Path(os.environ.get("GLOVEBOX_ZONE_DIRECTORY", "/var/lib/glovebox/zone"))
NAME = "key"
# As many as HMAC-SHA256 has (RFC 2104: fewer weaken it, more do not strengthen it).
BYTES = 32
_FORM = re.compile(r"[0-9A-Za-z+/]{43}=")


def read(folder: Path) -> str:
    """Return the key in base64; empty where there is none."""
    try:
        found = (folder / NAME).read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
    return found if _FORM.fullmatch(found) else ""


def kept(folder: Path) -> str:
    """Return the key, made now where there is none. Raises OSError."""
    if not read(folder):
        files.remove(folder / NAME)
        made = base64.b64encode(secrets.token_bytes(BYTES)).decode()
        # Of two who make one at the same time, the first has it.
        with contextlib.suppress(FileExistsError):
            files.create_durable(folder / NAME, made + "\n", 0o640)
    return read(folder)
