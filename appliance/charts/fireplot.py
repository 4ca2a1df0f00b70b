# SPDX-License-Identifier: MIT
"""The Fireplot: 24 hours from left to right, ports from 1 at the bottom to 65535 at the top. Pure.

TCP is green, UDP light blue; and UDP's marks are taller, for eyes that cannot tell the colours
apart. A row is one line, dashed where packets were: this compresses best, and a day of 200,000
packets takes some 78 KB.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.charts.picture_grid import ROWS, row_of
from appliance.charts.svg_text import label

LEFT, TOP, RIGHT, BOTTOM = 96, 58, 16, 34
NAMES = {
    21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "dns", 80: "http", 110: "pop3", 123: "ntp",
    135: "rpc", 139: "netbios", 143: "imap", 161: "snmp", 389: "ldap", 443: "https", 445: "smb",
    465: "smtps", 500: "ipsec", 587: "submission", 993: "imaps", 995: "pop3s", 1080: "socks",
    1194: "openvpn", 1433: "mssql", 1723: "pptp", 1883: "mqtt", 1900: "ssdp", 2222: "ssh",
    2323: "telnet", 2375: "docker", 3128: "proxy", 3306: "mysql", 3389: "rdp",
    5060: "sip", 5432: "postgres", 5555: "adb", 5900: "vnc", 5985: "winrm", 6379: "redis",
    7547: "tr-069", 8080: "http", 8081: "http", 8291: "winbox", 8443: "https",
    8728: "routeros api", 8888: "http", 9200: "elastic", 11211: "memcached", 27017: "mongodb",
    37777: "cameras", 51820: "wireguard",
}  # fmt: skip
# Ports that stand at the left, none too near to another.
MARKED = (1, 7, 22, 53, 80, 143, 443, 1080, 3389, 8080, 23456, 65535)
# Colours of light and dark pages; a test holds that they differ for all eyes.
LIGHT = {
    "page": "#ffffff",
    "text": "#1a2230",
    "line": "#dfe4ec",
    "tcp": "#0a6e1e",
    "udp": "#4a9fd8",
}
DARK = {"page": "#1a202b", "text": "#e7ebf2", "line": "#2d3645", "tcp": "#2fb348", "udp": "#a8d8ff"}
# Minutes without a packet, then some with.
_PIECE = re.compile(rb"\0*\x01+")


@dataclass(frozen=True)
class FireplotDay:
    """What is drawn: for each row from the top, a byte for each minute, 1 where something was.

    `hours` are the minutes that bear a label, each with its text; `caption` is said in words.
    """

    minutes: int
    tcp: bytes | bytearray
    udp: bytes | bytearray
    hours: Sequence[tuple[int, str]]
    title: str
    caption: str


def size(minutes: int) -> tuple[int, int]:
    """Return width and height of the picture of a day."""
    return LEFT + minutes + RIGHT, TOP + ROWS + BOTTOM


def draw(day: FireplotDay) -> str:
    """Return the picture as SVG."""
    width, height = size(day.minutes)
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
            f"<title>{label(day.title, 200)}</title><desc>{label(day.caption, 600)}</desc>"
            f"<style>{_style()}</style>"
            f'<rect class="page" width="{width}" height="{height}" fill="{LIGHT["page"]}"/>',
            _axes(day),
            f'<g transform="translate({LEFT} {TOP}.5)" fill="none">'
            f'<g class="udp" stroke="{LIGHT["udp"]}" stroke-width="5">'
            f"{lines(day.udp, day.minutes)}</g>"
            f'<g class="tcp" stroke="{LIGHT["tcp"]}" stroke-width="2.4">'
            f"{lines(day.tcp, day.minutes)}</g></g></svg>\n",
        )
    )


class _Dashes(dict[bytes, str]):
    """The dashes of a piece of a row: how long nothing is, and then something."""

    def __missing__(self, piece: bytes) -> str:
        length = piece.count(1)
        self[piece] = found = f"{len(piece) - length} {length}"
        return found


def lines(cells: bytes | bytearray, minutes: int) -> str:
    """Return a line for each row in which there is something, dashed to cover its cells."""
    parts, dashes = [], _Dashes()
    for row in range(len(cells) // minutes):
        # Nothing may stand behind the last one: the search for a piece would look at it for long.
        found = cells[row * minutes : (row + 1) * minutes].rstrip(b"\0")
        if found:
            words = " ".join(map(dashes.__getitem__, _PIECE.findall(found)))
            parts.append(f'<path d="M0 {row}h{minutes}" stroke-dasharray="0 {words} {minutes}"/>')
    return "".join(parts)


def name_of(port: int) -> str:
    """Return what a port is for, as people call it; empty where nobody does."""
    return NAMES.get(port, "")


def _style() -> str:
    dark = "".join(
        f".{name}{{{what}:{DARK[name]}}}"
        for name, what in (("page", "fill"), ("text", "fill"), ("line", "stroke"),
                           ("tcp", "stroke"), ("udp", "stroke"))
    )  # fmt: skip
    return f"text{{font:15px system-ui,sans-serif}}@media(prefers-color-scheme:dark){{{dark}}}"


def _axes(day: FireplotDay) -> str:
    parts = [f'<text class="text" x="{LEFT}" y="22" fill="{LIGHT["text"]}">'
             f"{label(day.title, 200)}</text>", _legend(day)]  # fmt: skip
    for minute, text in day.hours:
        x = LEFT + minute
        parts.append(_line(x, TOP, x, TOP + ROWS) + _text(x, TOP + ROWS + 22, text, "middle"))
    for port in MARKED:
        y = TOP + row_of(port)
        words = f"{name_of(port)} {port}".strip()
        parts.append(
            _line(LEFT - 4, y, LEFT + day.minutes, y) + _text(LEFT - 8, y + 5, words, "end")
        )
    return "".join(parts)


def _legend(day: FireplotDay) -> str:
    x, y = LEFT + day.minutes - 190, 43
    return (
        _sample("tcp", x, 5) + _text(x + 28, y, "TCP", "start")
        + _sample("udp", x + 80, 10) + _text(x + 108, y, "UDP", "start")
    )  # fmt: skip


def _sample(name: str, x: int, height: int) -> str:
    """Return marks as the picture has them, larger."""
    look = f'stroke="{LIGHT[name]}" stroke-width="{height}" stroke-dasharray="3 2"'
    return f'<path class="{name}" fill="none" {look} d="M{x} 38h20"/>'


def _line(x: int, y: int, to_x: int, to_y: int) -> str:
    way = f"h{to_x - x}" if to_y == y else f"v{to_y - y}"
    return f'<path class="line" stroke="{LIGHT["line"]}" d="M{x} {y}{way}"/>'


def _text(x: int, y: int, words: str, anchor: str) -> str:
    return (
        f'<text class="text" fill="{LIGHT["text"]}" x="{x}" y="{y}" text-anchor="{anchor}">'
        f"{label(words)}</text>"
    )
