"""Who may copy films over SFTP."""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.settings.sections.fit import expect

SSH_KEY = re.compile(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)"
    r"@openssh\.com) [A-Za-z0-9+/]+=*( [^\x00-\x1f\x7f]*)?"
)


@dataclass(frozen=True)
class SshConfig:
    keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in self.keys:
            sound = SSH_KEY.fullmatch(key)
            expect(bool(sound), "keys", key, 'public keys like "ssh-ed25519 AAAA… name"')
