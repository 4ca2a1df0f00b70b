# SPDX-License-Identifier: MIT
"""What a frame on a port means for whoever thinks of serving there. Pure."""

from __future__ import annotations

import enum

from appliance.dhcp import frame, message
from appliance.dhcp.frame import UdpDatagram
from appliance.dhcp.message import CLIENT_PORT, REPLY, REQUEST, SERVER_PORT, Kind, Message
from appliance.dhcp.watch import Server
from appliance.errors import DecodeError


class Heard(enum.Enum):
    """What is no server."""

    CLIENT = "a client asks for an address"
    NOTHING = "nothing of interest"


def classify(data: bytes, own: bytes) -> Server | Heard:
    """Return the foreign server that a frame comes from, or what else it tells.

    `own` is our station on this port: what a loop in the network brings back is no news. Whatever
    comes to the port of DHCP clients and cannot be read comes from a server, a broken one.
    """
    try:
        datagram = frame.parse(data)
    except DecodeError:
        return Heard.NOTHING
    if datagram.station == own:
        return Heard.NOTHING
    try:
        found = message.parse(datagram.payload)
    except DecodeError:
        found = None
    if datagram.port == SERVER_PORT:
        asks = found and found.op == REQUEST and found.kind in (Kind.DISCOVER, Kind.REQUEST)
        return Heard.CLIENT if asks else Heard.NOTHING
    if datagram.port != CLIENT_PORT or (found and found.op != REPLY):
        return Heard.NOTHING
    return _server(datagram, found)


def _server(datagram: UdpDatagram, found: Message | None) -> Server:
    if found is None:
        return Server(datagram.source, datagram.station, "what it says cannot be read")
    said = {
        Kind.OFFER: f"it offered {found.address}",
        Kind.ACK: f"it confirmed {found.address}",
        Kind.NAK: "it refused an address",
    }
    return Server(
        found.server or datagram.source,
        datagram.station,
        said.get(found.kind, "it answered") if found.kind else "it answered",
    )
