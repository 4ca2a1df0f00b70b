# SPDX-License-Identifier: MIT
"""Who listens on an interface, from the kernel's list of packet sockets.

An engine tells nobody when it is ready. The kernel does: it lists each packet socket that runs, by
interface and user, and each tap of an interface. A socket runs a moment before it has its ring, up
to a second on a slow machine, and throws away what it caught until then. When nobody listened, the
engine's unit keeps in counts of frames (config/ids/counted.sh).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from appliance.errors import InterfaceError
from appliance.host import links
from appliance.ids.engine import EngineAway

SOCKETS = Path("/proc/net/packet")
TAPS = Path("/proc/net/ptype")
ETH_P_ALL = 0x0003
INTERVAL_S = 0.05


def listeners(table: str) -> set[tuple[int, int]]:
    """Return (interface index, user id) of each packet socket in `table` that takes every frame.

    Columns: sk RefCnt Type Proto(hex) Iface R(unning) Rmem User Inode; a socket that is not bound
    yet has Proto 0 (net/packet/af_packet.c, packet_seq_show). Index 0 stands for all interfaces.
    """
    found = set()
    for line in table.splitlines()[1:]:
        _, _, _, protocol, index, running, _, user, *_ = line.split()
        if int(protocol, 16) == ETH_P_ALL and running == "1":
            found.add((int(index), int(user)))
    return found


def ringless(table: str, interface: str) -> bool:
    """Tell whether no tap of `interface` in `table` fills a ring: all are plain sockets.

    Columns: Type Device Function; the function of a packet socket is tpacket_rcv with a ring and
    packet_rcv without one (net/packet/af_packet.c, packet_set_ring).
    """
    words = (line.split() for line in table.splitlines()[1:])
    functions = [row[2] for row in words if row[:2] == ["ALL", interface]]
    return all(function == "packet_rcv" for function in functions)


def listening(interface: str, uid: int) -> bool:
    """Tell whether a process of user `uid` takes every frame of `interface`; needs no rights.

    Raises OSError where the kernel does not tell.
    """
    index = links.number(interface)
    return index is not None and (index, uid) in listeners(SOCKETS.read_text())


def wait_until_listening(interface: str, uid: int, deadline: float) -> None:
    """Wait until `listening` with a ring, so that no frame is lost from now on.

    Raises InterfaceError after `deadline` (of time.monotonic).
    """
    while not listening(interface, uid) or ringless(TAPS.read_text(), interface):
        if time.monotonic() > deadline:
            who = _describe(uid, interface, listeners(SOCKETS.read_text()))
            raise InterfaceError(f"user {uid} does not listen on {interface} in time; {who}")
        time.sleep(INTERVAL_S)


def _describe(uid: int, interface: str, found: Iterable[tuple[int, int]]) -> str:
    index = links.number(interface)
    if index is None:
        return "there is no such interface"
    others = sorted(user for where, user in found if where == index and user != uid)
    return f"users that do: {', '.join(map(str, others))}" if others else "nobody does"


def away(folder: Path) -> EngineAway | None:
    """Return what the engine's unit has kept in its folder; None where it never began.

    Raises OSError, ValueError.
    """
    try:
        ended, began = (folder / "heard").read_text().split()
        return EngineAway(int(ended), int(began))
    except FileNotFoundError:
        pass
    try:
        return EngineAway(int((folder / "ended").read_text()))
    except FileNotFoundError:
        return None
