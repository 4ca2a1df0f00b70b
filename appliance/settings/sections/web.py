# SPDX-License-Identifier: MIT
"""The page, and who may see it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from appliance.settings.sections.fit import Unfit, expect
from appliance.settings.sections.weak import is_weak

Https = Literal["also", "only", "off"]
HOST = re.compile(r"[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}")

# As the page's own, and as crypt(5) makes them: Imager knows a password in no other form.
PASSWORD_HASH = re.compile(
    r"scrypt:[1-9][0-9]{0,7}:[1-9][0-9]?:[1-9][0-9]?\$\w{1,64}\$[0-9a-f]{128}"
    # Each whole: one that lost its end in copying would lock its owner out.
    r"|\$(?:gy|y)\$[./0-9A-Za-z]{1,40}\$[./0-9A-Za-z]{0,86}\$[./0-9A-Za-z]{43}"
    r"|\$7\$[./0-9A-Za-z]{1,100}\$[./0-9A-Za-z]{43}"
    r"|\$2[aby]\$[0-9]{2}\$[./0-9A-Za-z]{53}"
    r"|\$6\$(?:rounds=[0-9]{1,9}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}"
    r"|\$5\$(?:rounds=[0-9]{1,9}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43}"
)


@dataclass(frozen=True)
class WebConfig:
    title: str = "Glovebox"
    password: str = field(default="", repr=False)
    password_hash: str = field(default="", repr=False)
    api_token: str = field(default="", repr=False)
    https: Https = "also"
    names: tuple[str, ...] = ()

    @property
    def is_encrypted(self) -> bool:
        """Whether the page answers HTTPS too."""
        return self.https != "off"

    def __post_init__(self) -> None:
        expect(0 < len(self.title) <= 64, "title", self.title, "1 to 64 characters")
        if self.password and not 8 <= len(self.password) <= 256:
            raise Unfit("password: expected 8 to 256 characters")
        if self.password and is_weak(self.password):
            raise Unfit("password: expected one that is not among the first that anybody tries")
        for name in self.names:
            expect(HOST.fullmatch(name) is not None, "names", name, "host names or IP addresses")
        if self.password_hash and not PASSWORD_HASH.fullmatch(self.password_hash):
            raise Unfit(
                "password_hash: expected the whole of what `glovebox web --hash-password` prints;"
                ' or write password = "…", whose hash then takes its place'
            )
        if self.api_token and not re.fullmatch(r"[!-~]{16,256}", self.api_token):
            raise Unfit("api_token: expected 16 to 256 letters, digits and signs, no spaces")
