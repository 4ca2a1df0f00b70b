# SPDX-License-Identifier: MIT
"""`glovebox clock-servers`: name the NTP servers of the network at hand to chrony.

A DHCP server may name them (RFC 2132, section 8.3). systemd-networkd asks for them and writes down
what it is told, and chrony reads files with sources; from the one to the other leads this.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from appliance import files, service
from appliance.errors import GloveboxError
from appliance.service import Running

log = logging.getLogger(__name__)

# One file for each port with a lease, named by the number of the interface.
LEASES = Path("/run/systemd/netif/leases")
# `sourcedir` of chrony.conf; chrony reads the files that end so.
SOURCES = Path("/run/chrony-dhcp")
SUFFIX = ".sources"
# A server may name sixty. Few are enough to tell the one that is wrong.
MOST = 4

DESCRIPTION = """\
Write the NTP servers that DHCP servers named to files for chrony, and remove the files of leases
that are over. chrony reads them at its start, and on `chronyc reload sources`."""
EPILOG = "Exit status: 0 done; 1 the files cannot be written; 2 bad usage."


def servers(lease: str) -> list[IPv4Address]:
    """Return the first `MOST` usable NTP servers that a lease names.

    `lease` is what networkd wrote: lines KEY=VALUE, with addresses apart by spaces. What can be no
    server's address is passed over.
    """
    for line in lease.splitlines():
        key, _, value = line.partition("=")
        if key == "NTP":
            found = (_usable(word) for word in value.split())
            return list(dict.fromkeys(each for each in found if each))[:MOST]
    return []


def _usable(word: str) -> IPv4Address | None:
    try:
        address = IPv4Address(word)
    except AddressValueError:
        return None
    # Reserved: 240.0.0.0/4, with the broadcast address.
    bad = address.is_unspecified or address.is_loopback or address.is_multicast
    return None if bad or address.is_reserved else address


def render(found: Sequence[IPv4Address]) -> str:
    """Return the file for chrony (chrony.conf(5): sourcedir)."""
    return "".join(f"server {address} iburst\n" for address in found)


def write(leases: Path = LEASES, sources: Path = SOURCES) -> dict[str, list[IPv4Address]]:
    """Write the files; return the servers by the name of their lease. Raises GloveboxError."""
    try:
        found = {lease.name: servers(_text(lease)) for lease in sorted(leases.glob("[0-9]*"))}
        named = {name: addresses for name, addresses in found.items() if addresses}
        for old in sources.glob(f"*{SUFFIX}"):
            if old.stem not in named:
                old.unlink()
        for name, addresses in named.items():
            files.write_whole(sources / f"{name}{SUFFIX}", render(addresses), 0o644)
    except OSError as error:
        raise GloveboxError(f"time servers cannot be handed on: {error}") from error
    return named


def _text(lease: Path) -> str:
    try:
        return lease.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:  # It was over before it was read.
        return ""


def main(argv: Sequence[str]) -> int:
    """Hand the servers on; `--help` tells more."""
    parser = argparse.ArgumentParser(
        prog="glovebox clock-servers", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument("--leases", type=Path, default=LEASES, help="of networkd (%(default)s)")
    parser.add_argument("--sources", type=Path, default=SOURCES, help="for chrony (%(default)s)")
    return service.run("clock-servers", parser, argv, _hand_on, settings=False, once=True)


def _hand_on(running: Running) -> int:
    named = write(running.arguments.leases, running.arguments.sources)
    addresses = dict.fromkeys(str(each) for found in named.values() for each in found)
    log.info("time servers named by DHCP: %s", ", ".join(addresses) or "none")
    return 0
