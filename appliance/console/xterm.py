# SPDX-License-Identifier: MIT
"""xterm.js, the terminal of a browser, as Debian packages it (libjs-xterm). It is MIT-licensed."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDER = Path(os.environ.get("GLOVEBOX_XTERM", "/usr/share/javascript/xterm"))
SCRIPT, STYLE = "xterm.js", "xterm.css"


@dataclass(frozen=True)
class Xterm:
    """The files of xterm.js in `folder`."""

    folder: Path = FOLDER

    @cached_property
    def versions(self) -> dict[str, str]:
        """Files by name, each with a word that changes with its content; none where one lacks."""
        try:
            contents = {name: (self.folder / name).read_bytes() for name in (SCRIPT, STYLE)}
        except OSError:
            return {}
        return {name: f"{zlib.crc32(content):08x}" for name, content in contents.items()}
