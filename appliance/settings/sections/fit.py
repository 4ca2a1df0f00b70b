# SPDX-License-Identifier: MIT
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


# Longer names no interface can have (netdevice(7)).
LONGEST_NAME = 15


class Unfit(ValueError):
    """A value that does not fit; the caller adds file and section."""


# Parts of keys whose values are never shown: an owner pastes a private key for a public one.
_SECRET = ("pass", "token", "hash", "key", "secret", "psk", "credential")
# Addresses of messengers and webhooks: whoever knows one can write there, or read. In addresses of
# lists there may be the key of a subscription.
_SECRET_KEYS = frozenset({"to", "channels", "targets", "networks", "sources"})
_LONGEST = 60  # characters of a value that is shown


def expect(condition: bool, key: str, value: object, expected: str) -> None:
    if not condition:
        raise Unfit(f"{key} = {_shown(key, value)}: expected {expected}")


def is_secret(key: str) -> bool:
    """Tell whether the values of a key are never shown."""
    return key in _SECRET_KEYS or any(part in key for part in _SECRET)


def _shown(key: str, value: object) -> str:
    # What is wrong is shown on the page and on BOOT: no password may be among it.
    if is_secret(key):
        return "…"
    try:
        # Of TOML's own kinds, dates and times alone look odd.
        text = str(value) if hasattr(value, "isoformat") else repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
