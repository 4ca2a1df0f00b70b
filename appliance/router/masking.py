# SPDX-License-Identifier: MIT
"""Takes out of a router's answers what tells whose router it is, and leaves its form. Pure.

It names what it lets through, as nobody knows all that an owner writes into a router: words of
RouterOS' own, numbers, times and truth values. Everything else gets a name of its own, the same one
whenever it comes again, so that what belonged together still does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from appliance.router.api import Fields
from appliance.router.plan import NAME
from appliance.settings.sections.fit import Address

# Fields whose values are words of RouterOS, or of the maker's.
SHOWN = frozenset(
    ("architecture-name", "board-name", "build-time", "connection-state", "cpu", "date",
     "default-name", "factory-software", "gmt-offset", "key-type", "key-usage", "mode", "platform",
     "policy", "protocol", "target", "time", "topics", "type", "version")
)  # fmt: skip
# What an owner writes as he likes: also a number may tell something.
_FREE = frozenset(("comment", "name", "on-event", "source", "identity"))
# Whatever is in them, also a number.
_SECRETS = re.compile("password|passphrase|secret|token|key$|psk|community|serial|phone|pin$|ssid")
# Names that every router has, and the chains and actions of RouterOS' own.
_USUAL = frozenset(
    ("LAN", "WAN", "all", "none", "static", "dynamic", "full", "read", "write", "input",
     "forward", "output", "prerouting", "postrouting", "srcnat", "dstnat", "accept", "drop",
     "reject", "fasttrack-connection", "passthrough", "jump", "return", "log", "tarpit",
     "masquerade", "dst-nat", "src-nat", "redirect", "netmap", "sniff-tzsp", "sniff-pc",
     "mark-connection", "mark-packet", "mark-routing", "change-mss", "notrack",
     "add-src-to-address-list", "add-dst-to-address-list", "memory", "disk", "echo", "remote",
     "startup", "api", "api-ssl", "ftp", "ssh", "telnet", "winbox", "www", "www-ssl",
     "reverse-proxy")
)  # fmt: skip
_PORT = re.compile(r"(?:ether|sfp|sfp-sfpplus|wlan|wifi|lte|bridge|combo)[0-9]{0,2}")
_WORDS = re.compile(r"[!+-]?[a-zA-Z0-9][\w.,:;/!()+ -]{0,119}", re.ASCII)
_OURS = re.compile(rf"{NAME}[a-z0-9:-]{{0,30}}")
_NUMBER = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,3})?(?:[KMG]i?B?|%|bps)?")
_SIZE = re.compile(r"[0-9]{1,18}")
_TIME = re.compile(r"(?:[0-9]{1,6}(?:w|d|h|ms|us|m|s))+|[0-9]{1,4}:[0-9]{2}:[0-9]{2}")
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_ID = re.compile(r"\*[0-9A-F]{1,8}")
_COUNTS = re.compile("(?:bytes|packets|memory|space|sect|frequency|uptime)")
# Addresses that mean the same on each router.
_FIXED = ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127", "ff00::/8")
_EVERYWHERE = tuple(map(ip_network, _FIXED))
_MASKED = "(hidden)"


class Mask:
    """Masks the answers of one router: what was the same stays the same."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """Take texts that are no secret, as Glovebox wrote them there itself."""
        self._known = frozenset(known)
        self._names: dict[str, str] = {}
        self._networks: dict[str, str] = {}
        self._hosts: dict[Address, str] = {}

    def row(self, row: Fields) -> dict[str, str]:
        """Return a row of a table, its fields as they are called there."""
        return {key[:60]: self.value(key, value) for key, value in row.items()}

    def value(self, key: str, text: str) -> str:
        """Return what stands for a value of a field."""
        if not text or text in ("yes", "no", "true", "false") or _ID.fullmatch(text):
            return text
        if _SECRETS.search(key):
            return _MASKED
        if text in _USUAL or _OURS.fullmatch(text) or _PORT.fullmatch(text):
            return text
        if key not in _FREE and (_NUMBER.fullmatch(text) or _TIME.fullmatch(text)):
            return text
        if _COUNTS.search(key) and _SIZE.fullmatch(text):
            return text
        return self._address(text) or self._word(key, text)

    def address(self, address: Address) -> Address:
        """Return the address that stands for another, of the same kind."""
        return ip_address(self._host(address))

    def line(self, text: str) -> str:
        """Return a line of an export: menu, verb and the names of its values, these masked."""
        shown, seen_verb = [], False
        for word in re.findall(r'(?:[^\s"]|"(?:\\.|[^"\\])*"?)+', text[:100_000]):
            key, sign, value = word.partition("=")
            if sign and re.fullmatch(r"!?[a-z0-9.-]{1,60}", key):
                shown.append(f"{key}={self.value(key, value.strip(chr(34)))}")
            elif seen_verb or not re.fullmatch(r"/?[a-z0-9-]+(?:/[a-z0-9-]+)*", word):
                shown.append(word if word in ("[", "]", "find", "where") else _MASKED)
            else:
                shown.append(word)
            seen_verb = seen_verb or word in ("add", "set", "remove", "reset")
        return " ".join(shown)

    def said(self, text: str) -> str:
        """Return what a router says of a line of ours; it names arguments and columns."""
        return _MASKED if _holds_address(text) else text

    def _word(self, key: str, text: str) -> str:
        own = key in SHOWN and _WORDS.fullmatch(text) and not _holds_address(text)
        if own or text in self._known:
            return text
        return self._names.setdefault(text, f"text-{len(self._names) + 1}")

    def _address(self, text: str) -> str:
        """Return an address, network, place or list of them masked; empty for what is none."""
        if _MAC.fullmatch(text):
            return self._names.setdefault(text, f"02:00:00:00:{len(self._names) >> 8 & 255:02X}:"
                                          f"{len(self._names) & 255:02X}")  # fmt: skip
        parts = text.split(",")
        masked = [self._place(part) for part in parts[:64]]
        return ",".join(masked) if all(masked) and len(parts) <= 64 else ""

    def _place(self, text: str) -> str:
        sign, body = ("!", text[1:]) if text[:1] == "!" else ("", text)
        for pattern, written in _FORMS:
            found = re.fullmatch(pattern, body)
            try:
                if found is not None:
                    return sign + written(self._host(ip_address(found[1])), found[2] or "")
            except ValueError:
                continue
        return ""

    def _host(self, address: Address) -> str:
        if any(address in network for network in _EVERYWHERE):
            return str(address)
        if address not in self._hosts:
            length = 24 if address.version == 4 else 64
            near = str(ip_network((str(address), length), strict=False))
            number = self._networks.setdefault(near, str(len(self._networks)))
            self._hosts[address] = str(_other(address, int(number), len(self._hosts)))
        return self._hosts[address]


_FORMS: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    (r"([0-9.]{7,15})((?:/[0-9]{1,2}|:[0-9]{1,5})?)", "{}{}".format),
    (r"([0-9a-fA-F:.]{2,45})((?:/[0-9]{1,3})?)", "{}{}".format),
    (r"\[([0-9a-fA-F:.]{2,45})\]((?::[0-9]{1,5})?)", "[{}]{}".format),
    (r"([0-9a-fA-F:.]{2,45})(%)[\w-]{1,30}", "{}%text".format),
)


def _other(address: Address, network: int, host: int) -> Address:
    """Return an address of the same kind for the n-th network and the n-th host.

    Private stays private (10/8, fc00::/7), link-local link-local; all others are of those for
    measuring and for documents (RFC 2544, RFC 3849).
    """
    if address.version == 4:
        last = int(address) & 255
        wide = 0xFFFF if address.is_private and not address.is_link_local else 0xFF
        base = 10 << 24 if address.is_private else (198 << 24) + (18 << 16)
        base = (169 << 24) + (254 << 16) if address.is_link_local else base
        kept = last if address.is_private else host & 255
        return IPv4Address(base + ((network & wide) << 8) + kept)
    kinds = {"fe80::": address.is_link_local, "fd00::": address.is_private}
    begin = next((text for text, fits in kinds.items() if fits), "2001:db8::")
    return IPv6Address(int(IPv6Address(begin)) + (network << 64) + host + 1)


def _holds_address(text: str) -> bool:
    return bool(re.search(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|(?:[0-9a-fA-F]{2}:){5}", text))
