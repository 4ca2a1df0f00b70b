# SPDX-License-Identifier: MIT
"""What a frame on a port means for whoever thinks of serving there. Pure."""

from __future__ import annotations

import enum
from ipaddress import IPv4Address

from appliance.dhcp import frame, message, peers
from appliance.dhcp.frame import UdpDatagram
from appliance.dhcp.message import CLIENT_PORT, REPLY, REQUEST, SERVER_PORT, Kind, Message
from appliance.dhcp.peers import Peer
from appliance.dhcp.watch import Server
from appliance.errors import DecodeError

# What a client says of the server whose offer it takes, or whose address is in use.
NAMES_SERVER = (Kind.REQUEST, Kind.DECLINE)
EVERYWHERE = IPv4Address("255.255.255.255")


class Heard(enum.Enum):
    """What is neither a server nor a client."""

    NOTHING = "nothing of interest"


def classify(data: bytes, own: bytes, address: IPv4Address) -> Server | Peer | Message | Heard:
    """Return the foreign server that a frame tells of, a guard, or what a client says.

    `own` is our station on this port: what a loop in the network brings back is no news. `address`
    is ours: whoever takes one from it takes none from another. Whatever comes to the port of DHCP
    clients and cannot be read comes from a server, a broken one.
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
        return _client(datagram, found, own, address) if found else Heard.NOTHING
    if datagram.port != CLIENT_PORT or (found and found.op != REPLY):
        return Heard.NOTHING
    return _server(datagram, found)


def _client(
    datagram: UdpDatagram, found: Message, own: bytes, address: IPv4Address
) -> Server | Peer | Message | Heard:
    if found.op != REQUEST:
        return Heard.NOTHING
    if found.kind in NAMES_SERVER and _is_another(found.server, address):
        # It has been offered something by that server, which may answer known devices alone.
        said = f"{datagram.station.hex(':')} takes an address from it"
        return Server(found.server or address, b"", said)
    peer = peers.parse(found.guard) if found.kind is Kind.DISCOVER else None
    if peer is not None:
        return Heard.NOTHING if peer.station == own else peer
    return found if found.kind in (Kind.DISCOVER, Kind.REQUEST) else Heard.NOTHING


def _is_another(server: IPv4Address | None, own: IPv4Address) -> bool:
    """Tell whether this can be the address of a server other than ours."""
    if server is None or server in (own, EVERYWHERE):
        return False
    return not (server.is_unspecified or server.is_multicast or server.is_loopback)


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
