# SPDX-License-Identifier: MIT
"""Lines of the Linux kernel's firewall: iptables, nftables, UFW, OpenWrt, DShield, UniFi. Pure.

`PREFIX IN=… OUT=… SRC=… DST=… LEN=… … PROTO=… SPT=… DPT=…`; an ICMP error quotes in brackets the
packet that it answers, which is another one (kernel: net/netfilter/nf_log_syslog.c).
"""

from __future__ import annotations

import re

from appliance.errors import DecodeError
from appliance.logs.lines.event import (
    PASSED,
    LoggedPacket,
    address,
    port,
    protocol,
    role_of,
)

LONGEST, LONGEST_PREFIX = 2048, 128
# Between OUT and SRC are bridges' ports, addresses of Ethernet and VLANs.
_HEAD = re.compile(
    r"IN=(\S{0,32}) OUT=(\S{0,32})(?: [A-Z]{1,8}=\S{0,64}){0,8}? SRC=(\S{2,45}) DST=(\S{2,45})"
    r" LEN=(\d{1,5}) ",
    re.ASCII,
)
_PORTS = re.compile(r"SPT=(\d{1,5}) DPT=(\d{1,5})(?: |$)", re.ASCII)
_WITH_PORTS = ("TCP", "UDP")
# What the kernel has no ports of: later fragments, and packets cut short.
_PART = re.compile(r" FRAG:\d|\bINCOMPLETE ", re.ASCII)
_TYPE = re.compile(r"TYPE=(\d{1,3}) CODE=(\d{1,3})", re.ASCII)
_BEFORE = re.compile(r"kernel: ?(?:\[ {0,12}\d{1,12}\.\d{1,9}\] {0,4})?", re.ASCII)
# UniFi, EdgeOS and VyOS write rule and action: [WAN_IN-D-4000], [ipv4-INP-filter-10-A].
_TURNED_AWAY = re.compile(
    r"BLOCK|DROP|REJECT|DEN[IY]|(?<![A-Z])NOT(?![A-Z])|\[[^\[\] ]{1,64}-[DR](?:-\d{1,10})?\]",
    re.IGNORECASE,
)
_LET_THROUGH = re.compile(
    r"(?<![A-Z])(?:ALLOW|ACCEPT|AUDIT)|\[[^\[\] ]{1,64}-A(?:-\d{1,10})?\]", re.IGNORECASE
)


def is_one(line: str) -> bool:
    """Tell whether a line may be one of these."""
    return " SRC=" in line and "IN=" in line and " PROTO=" in line


def parse(line: str) -> LoggedPacket:
    """Return the packet that a line tells of. Raises DecodeError."""
    text = line[:LONGEST].rstrip("\r\n\0 ")
    begin = text.rfind(" IN=") + 1
    found = _HEAD.match(text, begin if begin else max(text.find("IN="), 0))
    mark = text.find(" PROTO=", found.end() - 1) if found else -1
    if found is None or mark < 0:
        raise DecodeError("no line of the kernel's firewall")
    interface, out, source, target, length = found.groups()
    # What an ICMP error quotes is another packet.
    rest = text[mark + 7 :].partition("[")[0]
    kind = protocol(rest.partition(" ")[0])
    before = _prefix(text[: found.start()])
    ports, detail = _PORTS.search(rest), _detail(kind, rest)
    if ports is None and kind in _WITH_PORTS and not _PART.search(text, found.end()):
        raise DecodeError("a line of the kernel's firewall is cut off")
    return LoggedPacket(
        kind, address(source), port(ports[1]) if ports else None,
        address(target), port(ports[2]) if ports else None,
        _role(before, interface, kind, rest, detail), int(length), detail,
        interface=interface, out=out, before=before,
    )  # fmt: skip


def _prefix(text: str) -> str:
    found = _BEFORE.search(text)
    return text[found.end() if found else 0 :].strip()


def _detail(kind: str, rest: str) -> str:
    found = _TYPE.search(rest) if kind in ("ICMP", "ICMPV6") else None
    return f"type {found[1]}, code {found[2]}" if found else ""


def _role(before: str, interface: str, kind: str, rest: str, detail: str) -> str:
    prefix = before[-LONGEST_PREFIX:]
    if not interface or (_LET_THROUGH.search(prefix) and not _TURNED_AWAY.search(prefix)):
        return PASSED
    if kind == "TCP":
        flags = [word for word in rest.split() if word in ("SYN", "ACK", "RST", "FIN")]
        return role_of(kind, ",".join(flags))
    return role_of(kind, detail)
