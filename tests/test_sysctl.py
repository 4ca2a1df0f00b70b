# SPDX-License-Identifier: MIT
"""What the kernel is told (systemd/sysctl.d); that it holds is seen in the booted image."""

from __future__ import annotations

import re

import pytest

from tests.conftest import PROJECT

FILE = PROJECT / "systemd/sysctl.d/60-glovebox.conf"
# What a datagram takes in the kernel of which only a small piece has come, measured.
LONE_FRAGMENT_BYTES = 1050
LONE_FRAGMENTS_A_SECOND = 20_000
# Against neighbours who say where to send, who forge, and who put links into shared folders.
WITHSTANDS = {
    "net.ipv4.conf.all.accept_redirects": "0",
    "net.ipv6.conf.all.accept_redirects": "0",
    "net.ipv6.conf.default.accept_redirects": "0",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.all.accept_source_route": "0",
    "net.ipv6.conf.all.accept_source_route": "0",
    "net.ipv4.conf.all.rp_filter": "2",
    "net.ipv4.ip_forward": "0",
    "net.ipv6.conf.all.forwarding": "0",
    "fs.protected_symlinks": "1",
    "fs.protected_hardlinks": "1",
    "fs.protected_fifos": "2",
    "fs.protected_regular": "2",
    "fs.suid_dumpable": "0",
    "kernel.sysrq": "0",
    "kernel.panic": "10",
}


def told() -> dict[str, str]:
    """Return what the file says, by key; a key that may be missing has a "-" before it there."""
    return dict(re.findall(r"^-?([\w./-]+) = (.+)$", FILE.read_text(), re.MULTILINE))


@pytest.mark.parametrize("key", WITHSTANDS)
def test_the_kernel_withstands_neighbours(key: str) -> None:
    assert told().get(key) == WITHSTANDS[key]


@pytest.mark.parametrize(
    ("room", "seconds"),
    [
        ("net.ipv4.ipfrag_high_thresh", "net.ipv4.ipfrag_time"),
        ("net.ipv6.ip6frag_high_thresh", "net.ipv6.ip6frag_time"),
    ],
)
def test_lone_fragments_leave_room_for_those_of_a_router_that_is_not_listed(
    room: str, seconds: str
) -> None:
    """The kernel keeps each for so long; what comes in that time must fit."""
    waiting = LONE_FRAGMENTS_A_SECOND * int(told()[seconds])
    assert waiting * LONE_FRAGMENT_BYTES < int(told()[room])
