# SPDX-License-Identifier: MIT
"""What may stand on a list of bad names and addresses; everything else is refused with a reason.

Lists are written by strangers: an entry that is no name, or one that covers half of the Internet,
would raise alerts for everybody.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from appliance.errors import DecodeError

Network = IPv4Network | IPv6Network

# The generator of alerts that lists raise; engines have others (Snort's gen-msg.map).
GENERATOR = 613
LONGEST_NAME = 253
# More labels than a listed name has ever had; it bounds what a look-up costs.
MOST_LABELS = 16
# The widest that a source lists; /29 is what registries give to any provider of IPv6.
WIDEST = {4: 8, 6: 28}

NOT_A_NAME, AN_ADDRESS = "not a host name", "an address"
NOT_AN_ADDRESS, HOST_BITS, TOO_WIDE = "not an address", "bits set behind the mask", "too wide"
SPECIAL, SUFFIX = "own or special network", "a public suffix"

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# Of documentation (RFC 5737, RFC 3849) nobody comes, so they are not kept out: tests use them.
_SPECIAL = [
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/8", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
]


class RefusedEntryError(DecodeError):
    """An entry that may not stand on a list; the message is the reason, in plain words."""


def read_name(text: str) -> str:
    """Return a host name in small letters, without a dot at its end.

    Names are ASCII; others are written as xn--… Raises RefusedEntryError.
    """
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise RefusedEntryError(NOT_A_NAME)
    if _is_address(name):
        raise RefusedEntryError(AN_ADDRESS)
    if not 2 <= len(labels) <= MOST_LABELS or labels[-1].isdigit():
        raise RefusedEntryError(NOT_A_NAME)
    return name


def read_network(text: str) -> Network:
    """Return the network that an address or a network in CIDR form writes; no host bits may be set.

    IPv4 mapped into IPv6 is IPv4. Raises RefusedEntryError.
    """
    try:
        found = _unmapped(ip_network(text, strict=False))
    except ValueError:
        raise RefusedEntryError(NOT_AN_ADDRESS) from None
    if found.prefixlen < WIDEST[found.version]:
        raise RefusedEntryError(TOO_WIDE)
    if ip_address(text.partition("/")[0]) not in (found[0], _mapped(found)):
        raise RefusedEntryError(HOST_BITS)
    if is_special(found):
        raise RefusedEntryError(SPECIAL)
    return found


def is_special(found: Network) -> bool:
    """Tell whether a network meets one that is not on the Internet (RFC 6890)."""
    return any(found.overlaps(each) for each in _SPECIAL if each.version == found.version)


def written(found: Network) -> str:
    """Return the one form of a network: an address alone without its length."""
    return str(found[0]) if found.prefixlen == found.max_prefixlen else str(found)


def _unmapped(found: Network) -> Network:
    if isinstance(found, IPv6Network) and found.prefixlen >= 96:
        mapped = found[0].ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, found.prefixlen - 96))
    return found


def _mapped(found: Network) -> IPv6Address | None:
    if isinstance(found, IPv6Network):
        return None
    return IPv6Address((0xFFFF << 32) | int(found[0]))


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True
