"""What a value must be to fit, and the words where it does not."""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network


class Unfit(ValueError):
    """A value that does not fit; the caller adds file and section."""


def expect(condition: bool, key: str, value: object, expected: str) -> None:
    if not condition:
        # What is wrong is shown on the page and on BOOT: no password may be among it.
        shown = "…" if "password" in key or key == "networks" else repr(value)
        raise Unfit(f"{key} = {shown}: expected {expected}")
