# SPDX-License-Identifier: MIT
"""Announcements of MikroTik's devices are read, and whatever else comes is no announcement."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats import mndp
from appliance.formats.mndp import QUESTION, Announcement

MAC = b"\x02\0\0\0\0\1"


def announcement(*fields: tuple[int, bytes]) -> bytes:
    body = b"".join(struct.pack("!HH", kind, len(value)) + value for kind, value in fields)
    return b"\0\1\x2b\x43" + body


def recorded(folder: Path) -> list[bytes]:
    """Return what went to the port in the recording: Ethernet, IPv4 without options, UDP."""
    content, place, found = (folder / "own").glob("mactelnetd*.pcap"), 24, []
    data = next(content).read_bytes()
    while place < len(data):
        size = struct.unpack_from("<I", data, place + 8)[0]
        frame = data[place + 16 : place + 16 + size]
        place += 16 + size
        if frame[12:14] == b"\x08\0" and frame[23] == 17 and frame[36:38] == b"\x16\x2e":
            found.append(frame[42:])
    return found


def test_what_mactelnetd_announced_is_read(shared_data: Path) -> None:
    datagrams = recorded(shared_data / "routeros")
    found = [mndp.decode(each) for each in datagrams if each != QUESTION]
    assert len(found) == 3 and QUESTION in datagrams
    assert found[0] == Announcement(
        "ba:ce:ab:55:f8:25", "vm", "6.18.44-fc-v669", "Linux", "MAC-Telnet", "x86_64",
        "routerosv1", 1912,
    )  # fmt: skip


def test_addresses_are_read() -> None:
    six = IPv6Address("fe80::1")
    found = mndp.decode(
        announcement((1, MAC), (17, b"\xc0\xa8\x58\1"), (15, six.packed), (99, b"x"))
    )
    assert (found.mac, found.ipv4, found.ipv6) == (
        "02:00:00:00:00:01", IPv4Address("192.168.88.1"), six
    )  # fmt: skip


@pytest.mark.parametrize(
    "datagram",
    [
        b"", QUESTION, announcement(), announcement((5, b"name")), announcement((1, b"short")),
        announcement((1, MAC))[:-1], announcement((1, MAC)) + b"\0", b"\0" * 1501,
        announcement(*[(1, MAC)] * 33), announcement((1, MAC)) + b"\0\5\xff\xff",
    ],
)  # fmt: skip
def test_what_is_no_announcement_is_refused(datagram: bytes) -> None:
    with pytest.raises(DecodeError):
        mndp.decode(datagram)


@given(
    st.binary(max_size=200) | st.binary(max_size=200).map(lambda end: announcement((1, MAC)) + end)
)
@example(announcement((1, MAC), (17, b"abc"), (15, b"abc"), (10, b"a"), (5, b"\xff\xfe")))
def test_whatever_comes_is_read_or_refused(datagram: bytes) -> None:
    try:
        found = mndp.decode(datagram)
    except DecodeError:
        return
    assert len(found.identity) <= mndp.LONGEST_TEXT
