# SPDX-License-Identifier: MIT
"""What people write to find alerts: an address, part of one, a network, a port, a rule. Pure."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

FORMS = "192.168.1.20, 192.168.1.0/24, 192.168.1., :22, 192.168.1.20:22 or the name of a device"
LARGEST_NUMBER = (1 << 32) - 1

_PORT = re.compile(r"(?:port\s*)?:?\s*([0-9]{1,5})", re.ASCII | re.IGNORECASE)
_IPV4_PORT = re.compile(r"([0-9.]+(?:/[0-9]+)?):([0-9]{1,5})", re.ASCII)
_BRACKETS = re.compile(r"\[([^\]]*)\](?::([0-9]{1,5}))?", re.ASCII)
_PART = re.compile(r"(?:[0-9]{1,3}\.){1,3}[0-9]{0,3}\.?", re.ASCII)
_PART_IPV6 = re.compile(r"[0-9a-f:]{2,39}", re.ASCII | re.IGNORECASE)
_RULE = re.compile(r"([0-9]{1,10})(?::([0-9]{1,10}))?(?::([0-9]{1,10}))?", re.ASCII)


@dataclass(frozen=True)
class Ends:
    """What one end of an alert must fit, all of it; `addresses` are in the form that is stored.

    `part` is how an address begins.
    """

    addresses: tuple[str, ...] = ()
    network: IPv4Network | IPv6Network | None = None
    part: str | None = None
    port: int | None = None

    @property
    def needs_test(self) -> bool:
        """Whether an address must be looked at to know whether it fits."""
        return self.network is not None or self.part is not None

    def test(self) -> Callable[[str], bool]:
        """Return what tells whether an address, as it is stored, fits network or part."""
        return lru_cache(4096)(self._fits)

    def _fits(self, text: str) -> bool:
        plain = text.removeprefix("::ffff:") if "." in text else text
        if self.part is not None:
            return plain.startswith(self.part)
        try:
            address = ip_address(plain)
        except ValueError:
            return False
        return self.network is not None and address in self.network


def parse(text: str, names: Mapping[str, Sequence[str]]) -> Ends:
    """Understand what somebody looks for; `names` are the addresses of devices by small names.

    Raises ValueError, with what was expected.
    """
    given = text.strip()
    port = None
    if match := _PORT.fullmatch(given):
        return Ends(port=_port(match[1]))
    if match := _IPV4_PORT.fullmatch(given) or _BRACKETS.fullmatch(given):
        given, port = match[1], None if match[2] is None else _port(match[2])
    found = _where(given, names)
    return Ends(found.addresses, found.network, found.part, port)


def _where(given: str, names: Mapping[str, Sequence[str]]) -> Ends:
    bare = given.partition("%")[0]
    known = [form for address in names.get(given.lower(), ()) for form in _forms(address)]
    if forms := tuple(known) or _forms(bare):
        return Ends(forms)
    if "/" in given:
        return Ends(network=_network(given))
    if _PART.fullmatch(bare):
        return Ends(part=_part(bare))
    if ":" in bare and _PART_IPV6.fullmatch(bare):
        return Ends(part=bare.lower())
    if re.fullmatch(r"[\w.-]+", given) and not re.fullmatch(r"[0-9.-]+", given):
        raise ValueError(f"No device called '{given[:40]}' has an address from here.")
    raise ValueError(f"'{given[:40]}' is no address. Expected {FORMS}.")


def _forms(text: str) -> tuple[str, ...]:
    """Return the forms in which an address may be stored; nothing for what is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return ()
    if isinstance(address, IPv6Address):
        return (socket.inet_ntop(socket.AF_INET6, address.packed),)
    return (str(address), f"::ffff:{address}")


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"'{text[:40]}' is no network. Expected 192.168.1.0/24.") from None


def _part(text: str) -> str:
    numbers = [each for each in text.split(".") if each]
    if any(int(each) > 255 or (each[0] == "0" and len(each) > 1) for each in numbers):
        raise ValueError(
            f"'{text}': the numbers of an address go from 0 to 255, without zeros before."
        )
    # A whole number is meant: 192.168.8 is not to find 192.168.88.1.
    return text if text.endswith(".") or len(numbers) == 4 else f"{text}."


def _port(text: str) -> int:
    if int(text) > 0xFFFF:
        raise ValueError(f"'{text}' is no port: they go from 0 to 65535.")
    return int(text)


def rule(text: str) -> tuple[int | None, int, int | None]:
    """Return (gid, sid, rev) of `sid`, `gid:sid` or `gid:sid:rev`. Raises ValueError."""
    match = _RULE.fullmatch(text.strip().strip("[]"))
    numbers = [int(each) for each in match.groups() if each is not None] if match else []
    if not numbers or max(numbers) > LARGEST_NUMBER:
        raise ValueError(f"'{text.strip()[:40]}' is no rule. Expected 1000140 or 1:1000140:1.")
    if len(numbers) == 1:
        return None, numbers[0], None
    return numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else None
