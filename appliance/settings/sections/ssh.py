# SPDX-License-Identifier: MIT
"""Who may copy films over SFTP."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from appliance.settings.sections.fit import Unfit

# NIST SP 800-131A; sshd_config says the same (RequiredRSASize).
LEAST_RSA_BITS = 2048
SSH_KEY = re.compile(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)"
    r"@openssh\.com) [A-Za-z0-9+/]+=*( [^\x00-\x1f\x7f]*)?"
)


@dataclass(frozen=True)
class SshConfig:
    keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for number, key in enumerate(self.keys, 1):
            wrong = objection(key)
            if wrong:
                # Never the text: a private key may be among them.
                raise Unfit(f"keys: number {number} of {len(self.keys)}: {wrong}")


def objection(key: str) -> str | None:
    """Say why this is no public key, None where it is one. Nothing of `key` is in the answer."""
    if "PRIVATE KEY" in key or key.startswith("PuTTY-User-Key-File"):
        return (
            "this is a private key, which must not leave your computer: take the public one, from"
            f" the file that ends in .pub; {_EXPECTED}"
        )
    if key.startswith("---- BEGIN SSH2"):
        return f"this is a public key in another form (RFC 4716); {_EXPECTED}"
    if SSH_KEY.fullmatch(key) and not SSH_KEY.search(key, key.index(" ")):
        parts = _parts(key)
        if parts is None:
            return f"it is cut off or changed; copy the whole line; {_EXPECTED}"
        if parts[0] == b"ssh-rsa" and _bits(parts[2]) < LEAST_RSA_BITS:
            return (
                f"an RSA key of {_bits(parts[2])} bits can be broken; make another"
                f" (ssh-keygen -t ed25519), or one of {LEAST_RSA_BITS} bits at least"
            )
        return None
    if SSH_KEY.search(key):
        return f"options before a key are not taken, nor more than one key in a text; {_EXPECTED}"
    return _EXPECTED


_EXPECTED = 'expected public keys like "ssh-ed25519 AAAA… name"'


def _parts(key: str) -> list[bytes] | None:
    """Return the parts within a key, its name first; None where they do not fill it.

    RFC 4253, section 6.6; RFC 8709.
    """
    kind, text = key.split(" ")[:2]
    try:
        left = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    parts = []
    while left:
        length = int.from_bytes(left[:4], "big")
        if len(left) < 4 + length:
            return None
        parts.append(left[4 : 4 + length])
        left = left[4 + length :]
    fits = len(parts) == _PARTS.get(kind, 3) and parts[0] == kind.encode() and all(parts)
    is_whole = fits and ("ed25519" not in kind or len(parts[1]) == 32)
    return parts if is_whole else None


def _bits(number: bytes) -> int:
    return int.from_bytes(number, "big").bit_length()


# How many parts a key of each kind has, its name included.
_PARTS = {"ssh-ed25519": 2, "sk-ecdsa-sha2-nistp256@openssh.com": 4}
