# SPDX-License-Identifier: MIT
"""The network interfaces as sysfs shows them (sysfs-class-net); needs no rights."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from pathlib import Path

INTERFACES = Path("/sys/class/net")
IFF_UP = 0x1


class Link(enum.Enum):
    """What an interface can do for us; the value is the word that users read."""

    UP = "up"
    DOWN = "down"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface; `packets` were sent out on it.

    `kind` is empty for a dummy and other virtual ones that lead nowhere by themselves; else it says
    what this is.
    """

    name: str
    present: bool
    up: bool = False
    kind: str = ""
    mtu: int = 0
    packets: int = 0


def state(name: str, interfaces: Path = INTERFACES) -> Link:
    """Tell whether an interface takes frames (IFF_UP, netdevice(7))."""
    if not name or "/" in name or name.startswith("."):
        return Link.MISSING
    try:
        return Link.UP if _is_up(interfaces / name) else Link.DOWN
    except (OSError, ValueError):
        return Link.MISSING


def look(name: str, interfaces: Path = INTERFACES) -> Interface:
    """Look at all of an interface. Raises OSError or ValueError."""
    folder = interfaces / name
    if not folder.exists():
        return Interface(name, present=False)
    return Interface(
        name,
        present=True,
        up=_is_up(folder),
        kind=_kind(folder),
        mtu=int((folder / "mtu").read_text()),
        packets=int((folder / "statistics/tx_packets").read_text()),
    )


def number(name: str, interfaces: Path = INTERFACES) -> int | None:
    """Return the kernel's number of an interface; None where it is missing."""
    try:
        return int((interfaces / name / "ifindex").read_text())
    except (OSError, ValueError):
        return None


def mac_address(name: str, interfaces: Path = INTERFACES) -> bytes:
    """Return the MAC address of an interface; empty where it has none."""
    try:
        return bytes.fromhex((interfaces / name / "address").read_text().replace(":", ""))
    except (OSError, ValueError):
        return b""


def lowest_address(interfaces: Path = INTERFACES) -> bytes:
    """Return the lowest MAC address of this machine, by which it is known; empty without any."""
    return min(_addresses(interfaces).values(), default=b"")


def named(station: bytes, interfaces: Path = INTERFACES) -> str:
    """Return the interface that has a MAC address; empty where none has."""
    found = _addresses(interfaces).items()
    return next((name for name, address in found if address == station), "")


def _addresses(interfaces: Path) -> dict[str, bytes]:
    names = sorted(each.name for each in interfaces.iterdir())
    found = {name: mac_address(name, interfaces) for name in names}
    return {name: address for name, address in found.items() if any(address)}


def cards(interfaces: Path = INTERFACES) -> tuple[str, ...]:
    """Return the interfaces that are hardware, by name."""
    return tuple(sorted(each.parent.name for each in interfaces.glob("*/device")))


def is_wireless(name: str, interfaces: Path = INTERFACES) -> bool:
    """Tell whether this is a Wi-Fi interface."""
    folder = interfaces / name
    return (folder / "wireless").exists() or (folder / "phy80211").exists()


def has_carrier(name: str, interfaces: Path = INTERFACES) -> bool:
    """Tell whether something is at the other end of the cable."""
    return _count(interfaces / name / "carrier") == 1


def link_ups(name: str, interfaces: Path = INTERFACES) -> int:
    """Return how often something came to the other end of the cable."""
    return _count(interfaces / name / "carrier_up_count")


def _is_up(folder: Path) -> bool:
    return bool(int((folder / "flags").read_text(), 16) & IFF_UP)


def _kind(folder: Path) -> str:
    found = re.search(r"^DEVTYPE=(.+)$", (folder / "uevent").read_text(), re.MULTILINE)
    if found:
        return found[1]
    return "network card" if (folder / "device").exists() else ""


def _count(file: Path) -> int:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):  # An interface that is down has no carrier to read.
        return 0
