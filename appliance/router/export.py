# SPDX-License-Identifier: MIT
"""A router's export: what of it is configuration, and whether it is all there. Pure.

Source: RouterOS manual, Configuration Management; the noise is what public recordings have.
"""

from __future__ import annotations

import re

LARGEST = 8 << 20
_NOISE = re.compile(
    r"#\s*(?:\w{3}/\d\d/\d{4}|\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d by RouterOS .*|#\s*by RouterOS .*"
    r"|#\s*inactive time|#\s*poe-out status: .*|#\s*received packet from .* bad format"
    r"|#.* not ready|#\s*Firmware upgraded.*|#\s*please restart the device.*|#error exporting .*"
    r"|#\s*"
)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_HEADER = re.compile(r"^#.* by RouterOS \d", re.MULTILINE)

# Names of settings that hold a secret; a public key is none.
_NAMES = r"(?<![\w-])(?!public-key)[\w-]*(?:password|passphrase|secret|token|key|psk|community)"
# Within a script, quotes are escaped: `password=\"…\"`, `:local password \"…\"`.
_IN_SCRIPT = re.compile(rf'(?i)({_NAMES}(?:[ =:]|\\_){{1,4}})\\"(?:[^"\\]|\\[^"])*\\"')
_QUOTED = re.compile(rf'(?i)({_NAMES}=)"(?:[^"\\]|\\.)*"')
_BARE = re.compile(rf'(?i)({_NAMES}=)[^\s"\\]+')
MASK = "(hidden)"


def clean(text: str) -> str:
    """Return the lines that are configuration: wrapped ones joined, what changes by itself gone.

    Comments that explain a faulty rule stay, and so do model and serial number.
    """
    plain = _ANSI.sub("", text[:LARGEST]).replace("\r", "").replace("\x1b", "")
    joined = re.sub(r"\\\n[ \t]*", "", plain)
    lines = (line.rstrip() for line in joined.split("\n"))
    return "".join(f"{line}\n" for line in lines if line and not _NOISE.fullmatch(line))


def masked(text: str) -> str:
    """Return an export without what could be a secret: passwords, keys, tokens, in scripts too.

    RouterOS 7 leaves its own secrets out; what people write into scripts it does not know.
    """
    return _BARE.sub(rf"\1{MASK}", _QUOTED.sub(rf"\1{MASK}", _IN_SCRIPT.sub(rf"\1{MASK}", text)))


def is_whole(text: str) -> bool:
    """Tell whether an export is all there: it has its header, an end, and no error within."""
    ends = text.endswith("\n") and not text.rstrip("\r\n").endswith("\\")
    return bool(_HEADER.search(text[:4000])) and ends and "#error exporting" not in text
