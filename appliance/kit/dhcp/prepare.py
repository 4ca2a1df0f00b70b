"""`glovebox dhcp-prepare`: what a port needs before dnsmasq serves on it: an address, and leases.

Leases survive power cuts and clocks, so that no address is given twice.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Sequence
from ipaddress import IPv4Interface
from pathlib import Path

from appliance import config, service
from appliance.errors import GloveboxError, InterfaceError
from appliance.kit.dhcp import leases, network
from appliance.kit.dhcp.guard import STATE


def main(argv: Sequence[str]) -> int:
    """Make one port ready for dnsmasq, or undo it; `--help` tells more."""
    parser = argparse.ArgumentParser(
        prog="glovebox dhcp-prepare",
        description="Before dnsmasq serves on a port: put back leases that a power cut took from"
        " its file, let each hold for a whole term from now on, keep a copy, and give the port its"
        " address.",
        epilog="Exit status: 0 done; 1 the files cannot be written; 2 bad usage; 3 the interface"
        " does not take the address.",
    )
    parser.add_argument("interface", help="the port")
    parser.add_argument("--undo", action="store_true", help="take the address away")
    parser.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    service.log_to_journal("dhcp-prepare")
    settings, _ = config.load()
    served = network.served(settings.dhcp, arguments.interface)
    if arguments.undo:
        address("delete", served.own, arguments.interface)
        return 0
    file = arguments.state / f"{arguments.interface}.leases"
    prepare(file, int(time.time()), settings.dhcp.lease_hours, served.size)
    address("replace", served.own, arguments.interface)
    return 0


def address(verb: str, own: IPv4Interface, interface: str) -> None:
    """Have ip(8) `replace` or `delete` our address. Raises InterfaceError."""
    argv = ["ip", "address", verb, str(own), "brd", "+", "dev", interface]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise InterfaceError(f"{' '.join(argv)}: {done.stderr.strip()}")


def prepare(file: Path, now: int, hours: int, most: int) -> None:
    """Write `file` and its copy anew. Raises GloveboxError where that cannot be."""
    copy = file.with_suffix(".copy")
    found = leases.merge(_read(file), _read(copy))
    text = leases.render(leases.redate(found, now, hours, most))
    try:
        for each in (copy, file):
            write_durably(each, text)
    except OSError as error:
        raise GloveboxError(f"leases cannot be kept: {error}") from error


def _read(file: Path) -> list[leases.Lease]:
    try:
        return leases.parse(file.read_text(encoding="ascii", errors="replace"))
    except OSError:
        return []


def write_durably(file: Path, text: str) -> None:
    """Replace a file: after a power cut it is the old one or the new one, whole."""
    temporary = file.with_suffix(".new")
    with temporary.open("w", encoding="ascii", errors="replace") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
