# SPDX-License-Identifier: MIT
"""Link types of real captures, and the headers that only capture files have."""

from __future__ import annotations

import struct
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.errors import DecodeError, InputError
from appliance.formats.ethernet import as_ethernet
from appliance.formats.linktypes import link_type, require_known
from appliance.formats.tzsp import Encapsulation, UnsupportedEncapsulation
from appliance.tools.captures import open_capture
from tests.pcapfile import pcap

Pack = Callable[[int, int, bytes, int], bytes]

IPV4 = bytes.fromhex("450000140000000040010000c0000201c0000202")


def ethernet(number: int, frame: bytes) -> bytes:
    link = link_type(number)
    return bytes(as_ethernet(link.encapsulation, memoryview(link.convert(memoryview(frame)))))


@pytest.mark.parametrize(
    ("number", "encapsulation"),
    [
        (1, Encapsulation.ETHERNET),
        (9, Encapsulation.PPP),
        (12, Encapsulation.RAW_IP),
        (101, Encapsulation.RAW_IP),
        (105, Encapsulation.IEEE_802_11),
        (119, Encapsulation.PRISM),
        (127, Encapsulation.RADIOTAP),
        (163, Encapsulation.AVS),
        (228, Encapsulation.RAW_IP),
        (229, Encapsulation.RAW_IP),
    ],
)
def test_link_type_leaves_frames_that_tzsp_knows(number: int, encapsulation: Encapsulation) -> None:
    link = link_type(number)
    assert link.encapsulation == encapsulation
    assert bytes(link.convert(memoryview(b"frame"))) == b"frame"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (195, r"^wlan\.pcap: link type 195 \(802\.15\.4\) cannot be converted to Ethernet here"),
        (147, r"^wlan\.pcap: link type 147 cannot be converted to Ethernet here"),
    ],
)
def test_link_type_refuses_what_has_no_sound_conversion(number: int, expected: str) -> None:
    """tcpreplay said "unsupported DLT type" of Ethernet itself."""
    with pytest.raises(InputError, match=expected):
        require_known([number], "wlan.pcap")


def test_link_type_knows_all_shared_captures(shared_data: Path) -> None:
    seen: Counter[str] = Counter()
    for file in shared_data.rglob("*.pcap"):
        with open_capture(file) as capture:
            (number,) = capture.link_types()
            seen[link_type(number).name] += 1
    assert seen["Ethernet"] > 50
    assert seen["Linux cooked"] and seen["BSD loopback"] and seen["802.11"]


@pytest.mark.parametrize("family", [2, 10, 24, 28, 30])
@pytest.mark.parametrize("order", ["<I", ">I"])
@pytest.mark.parametrize("number", [0, 108])
def test_loopback_loses_its_family_in_either_byte_order(
    number: int, order: str, family: int
) -> None:
    assert ethernet(number, struct.pack(order, family) + IPV4)[12:] == b"\x08\x00" + IPV4


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (b"\2\0\0", DecodeError),
        (b"\7\0\0\0" + IPV4, UnsupportedEncapsulation),
        (b"\2\0\0\0\xff", UnsupportedEncapsulation),
    ],
    ids=["too short", "family 7", "no IP"],
)
def test_loopback_refuses_what_is_not_ip(frame: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        ethernet(0, frame)


def cooked(packet_type: int, arp_type: int, address: bytes, protocol: int) -> bytes:
    return struct.pack("!HHH8sH", packet_type, arp_type, len(address), address, protocol) + IPV4


def cooked_2(packet_type: int, arp_type: int, address: bytes, protocol: int) -> bytes:
    header = (protocol, 0, 3, arp_type, packet_type, len(address), address)
    return struct.pack("!HHIHBB8s", *header) + IPV4


MAC = bytes.fromhex("020304050607")
COOKED = pytest.mark.parametrize(
    ("number", "pack"), [(113, cooked), (276, cooked_2)], ids=["version 1", "version 2"]
)


@COOKED
def test_cooked_gets_its_ethernet_header_back(number: int, pack: Pack) -> None:
    assert ethernet(number, pack(0, 1, MAC, 0x0800)) == bytes(6) + MAC + b"\x08\x00" + IPV4


@COOKED
def test_cooked_broadcast_goes_to_all(number: int, pack: Pack) -> None:
    assert ethernet(number, pack(1, 1, MAC, 0x0806))[:14] == b"\xff" * 6 + MAC + b"\x08\x06"


@COOKED
def test_cooked_without_address_comes_from_nowhere(number: int, pack: Pack) -> None:
    assert ethernet(number, pack(4, 65534, b"", 0x86DD))[:14] == bytes(12) + b"\x86\xdd"


@COOKED
def test_cooked_llc_gets_a_length_field(number: int, pack: Pack) -> None:
    assert ethernet(number, pack(2, 1, MAC, 4))[12:14] == len(IPV4).to_bytes(2, "big")


@COOKED
@pytest.mark.parametrize(
    ("arp_type", "protocol"), [(824, 0x0800), (803, 0x0800), (280, 0x000C), (1, 0x00F7)]
)
def test_cooked_refuses_what_has_no_ethernet_type(
    number: int, pack: Pack, arp_type: int, protocol: int
) -> None:
    with pytest.raises(UnsupportedEncapsulation):
        ethernet(number, pack(0, arp_type, MAC, protocol))


@COOKED
def test_cooked_cut_off_in_its_header_is_refused(number: int, pack: Pack) -> None:
    whole = pack(0, 1, MAC, 0x0800)
    for length in range(len(whole) - len(IPV4)):
        with pytest.raises(DecodeError):
            ethernet(number, whole[:length])


def test_cooked_capture_reads_the_same_to_tcpdump_after_conversion(
    shared_data: Path, tmp_path: Path
) -> None:
    file = shared_data / "ids/formats/tcp-handshake-nano.pcap"
    converted = tmp_path / "ethernet.pcap"
    with open_capture(file) as capture:
        converted.write_bytes(
            pcap(*(ethernet(record.link_type, record.frame) for record in capture))
        )

    def printed(path: Path) -> list[str]:
        command = ["tcpdump", "-n", "-t", "-v", "-r", str(path)]
        return subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.splitlines()

    assert printed(converted) == printed(file) != []


PPP_IPV4 = b"\x00\x21" + IPV4


@pytest.mark.parametrize(
    ("number", "frame"),
    [
        pytest.param(9, b"\xff\x03" + PPP_IPV4, id="PPP"),
        pytest.param(50, b"\xff\x03" + PPP_IPV4, id="PPP serial"),
        pytest.param(50, PPP_IPV4, id="PPP serial, short"),
        pytest.param(50, b"\x0f\x00\x08\x00" + IPV4, id="Cisco HDLC in PPP serial"),
        pytest.param(104, b"\x8f\x00\x08\x00" + IPV4, id="Cisco HDLC"),
    ],
)
def test_serial_lines_become_ethernet(number: int, frame: bytes) -> None:
    assert ethernet(number, frame)[12:] == b"\x08\x00" + IPV4


def test_pppoe_becomes_ethernet_with_its_header() -> None:
    frame = bytes.fromhex("1100 0007 0016") + PPP_IPV4
    assert ethernet(51, frame) == bytes(12) + b"\x88\x64" + frame


@pytest.mark.parametrize(
    ("number", "frame", "error"),
    [
        (50, b"\x0f\x00\x20\x00" + bytes(20), UnsupportedEncapsulation),
        (104, b"\x0f\x00", DecodeError),
        (51, b"\x11\x00", DecodeError),
        (50, b"\xff\x03\xc0\x21" + bytes(20), UnsupportedEncapsulation),
        (195, b"x", UnsupportedEncapsulation),
    ],
)
def test_what_serial_lines_carry_besides_is_refused(
    number: int, frame: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        ethernet(number, frame)


def test_require_known_takes_a_capture_with_one_known_interface() -> None:
    require_known([195, 1], "two.pcapng")
    require_known([], "none.pcapng")
    with pytest.raises(InputError, match=r"two\.pcapng: link type 195 "):
        require_known([195, 189], "two.pcapng")
