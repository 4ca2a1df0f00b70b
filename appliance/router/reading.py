# SPDX-License-Identifier: MIT
"""Whether a command of RouterOS only reads, by its form. Pure.

It names what it lets through: `print` and `export` of known menus, with words that only choose what
is shown. `run print` would run a script of that name: so no other menu is taken for one, and what
could hold a script or a file's name counts as a change.
"""

from __future__ import annotations

import re

LONGEST = 500
VERBS = frozenset(("print", "export"))
# Words that choose how or of what; `show-sensitive` would show secrets, `file=` writes one.
WORDS = frozenset(
    ("as-value", "brief", "compact", "count-only", "detail", "hide-sensitive", "stats", "terse",
     "value-list", "verbose", "where", "without-paging")
)  # fmt: skip
_FIREWALL = "filter nat raw mangle address-list connection"
# By the part that they have in common; all of it, alone, may be exported.
_MENUS = {
    "": "interface log certificate user port",
    "interface": "bridge bridge/port bridge/host bridge/vlan ethernet vlan list list/member wifi "
    "wifi/registration-table wireless wireless/registration-table wireguard wireguard/peers",
    "ip": "address route arp dhcp-client dhcp-server dhcp-server/lease dns dns/static service "
    "neighbor pool cloud traffic-flow traffic-flow/target",
    "ipv6": "address route neighbor dhcp-client",
    "ip/firewall": _FIREWALL,
    "ipv6/firewall": _FIREWALL,
    "ppp": "active",
    "queue": "simple",
    "system": "resource identity routerboard health package clock ntp/client device-mode history "
    "logging logging/action scheduler license",
    "tool": "sniffer",
    "user": "active group",
}
MENUS = frozenset(
    f"{above}/{menu}".strip("/") for above, menus in _MENUS.items() for menu in menus.split()
)
_CONDITION = re.compile(
    r'!?([a-z0-9.-]+)(?:[=~<>]{1,2}([\w.:/,!*@-]*|"[\w .:/,!*@-]*"))?', re.ASCII
)
_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
# Within `where` these are no fields of a row.
NEVER = frozenset(
    ("append", "file", "follow", "follow-only", "follow-strict", "interval", "on-event")
)


def only_reads(command: str) -> bool:
    """Tell whether a command can do nothing but tell."""
    if len(command) > LONGEST or not command.isascii() or not command.isprintable():
        return False
    words = _WORD.findall(command)
    if " ".join(words) != " ".join(command.split()):
        return False
    verbs = [place for place, word in enumerate(words) if word.rpartition("/")[2] in VERBS]
    if not verbs:
        return False
    *menu, verb = "/".join(words[: verbs[0] + 1]).strip("/").split("/")
    known = "/".join(menu) in MENUS or (verb == "export" and not menu)
    return known and _chooses(words[verbs[0] + 1 :])


def _chooses(words: list[str]) -> bool:
    conditions = False
    for word in words:
        if word == "where":
            conditions = True
        elif conditions:
            found = _CONDITION.fullmatch(word)
            if found is None or found[1] in NEVER:
                return False
        elif word not in WORDS:
            return False
    return True
