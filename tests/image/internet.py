# SPDX-License-Identifier: MIT
"""A home with a way to an Internet that is played: router, names, and a server far away."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.net.kit import Segment, inside
from tests.net.namespaces import ip
from tests.unit.notify.played_services import PlayedServer, played

SERVER, NAME = "198.51.100.10", "ntfy.example"


@dataclass(frozen=True)
class OnlineHome:
    """A home's switch, its router's namespace, and the server in the Internet behind it."""

    home: Segment
    router: str
    server: PlayedServer


@contextlib.contextmanager
def online_home() -> Iterator[OnlineHome]:
    """Lay the cables: the router gives addresses and names, and forwards to the server."""
    home, internet = Segment(), Segment()
    try:
        router = home.station("router", "192.168.88.1/24")
        internet.plug(router, "router", "wan")
        ip("-n", router, "address", "add", "198.51.100.1/24", "dev", "wan")
        with inside(router):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        far = internet.station("server", f"{SERVER}/24")
        ip("-n", far, "route", "add", "192.168.88.0/24", "via", "198.51.100.1")
        home.start(
            router,
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=",
             "--no-resolv", "--no-hosts", f"--address=/{NAME}/{SERVER}", "--leasefile-ro",
             "--interface=eth0", "--bind-interfaces", "--dhcp-authoritative", "--no-ping",
             "--dhcp-range=192.168.88.100,192.168.88.200,1h", "--log-facility=-"],
        )  # fmt: skip
        with contextlib.ExitStack() as stack:
            with inside(far):
                server = stack.enter_context(played(SERVER, 80))
            yield OnlineHome(home, router, server)
    finally:
        home.close()
        internet.close()
