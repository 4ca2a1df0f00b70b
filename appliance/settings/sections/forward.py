# SPDX-License-Identifier: MIT
"""To which collectors every alert goes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from appliance.settings.sections.fit import Unfit, expect
from appliance.settings.sections.notify import LONGEST, NAME

ForwardWay = Literal["eve", "syslog", "http", "opensearch", "loki", "clickhouse"]
MOST = 4
_SOCKETS, _WEB = ("tcp", "tls"), ("http", "https")
SCHEMES = {
    "eve": _SOCKETS,
    "syslog": ("udp", *_SOCKETS),
    "http": _WEB,
    "opensearch": _WEB,
    "loki": _WEB,
    "clickhouse": _WEB,
}
# Where a path says into what the alerts go.
PATHS = {"opensearch": re.compile("/[a-z0-9][a-z0-9_.-]{0,99}"), "clickhouse": re.compile(
    r"/[A-Za-z_]\w{0,63}(\.[A-Za-z_]\w{0,63})?", re.ASCII)}  # fmt: skip
_NAMED = "up to 20 small letters, digits and hyphens"


@dataclass(frozen=True)
class ForwardTarget:
    """A collector; `to` is its address, `user` and `secret` what it wants of who comes."""

    name: str
    way: ForwardWay
    to: str = field(default="", repr=False)
    user: str = ""
    secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        expect(NAME.fullmatch(self.name) is not None, "name", self.name, _NAMED)
        for key in ("to", "user", "secret"):
            value = getattr(self, key)
            if len(value) > LONGEST or not (value.isprintable() and value.isascii()):
                raise Unfit(f"{key}: expected up to {LONGEST} plain characters")
        schemes = SCHEMES[self.way]
        wanted = " or ".join(f"{scheme}://" for scheme in schemes)
        if self.address is None:
            raise Unfit(f"to: expected an address that begins with {wanted}")
        form = PATHS.get(self.way)
        if form is not None and not form.fullmatch(self.address.path):
            raise Unfit("to: expected an address with the name of the index or table behind it")

    @property
    def address(self) -> SplitResult | None:
        """The parts of the address; None where it is none for this way."""
        try:
            parts = urlsplit(self.to)
            port = parts.port
        except ValueError:
            return None
        needs_port = parts.scheme not in _WEB
        good = parts.scheme in SCHEMES[self.way] and bool(parts.hostname) and port != 0
        named = parts.username is not None or " " in self.to
        return parts if good and not named and (port or not needs_port) else None


@dataclass(frozen=True)
class ForwardConfig:
    targets: tuple[ForwardTarget, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        expect(len(self.targets) <= MOST, "targets", len(self.targets), f"at most {MOST}")
        names = [each.name for each in self.targets]
        if len(set(names)) != len(names):
            raise Unfit("targets: expected each name once")
