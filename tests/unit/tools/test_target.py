# SPDX-License-Identifier: MIT
"""Datagrams against real UDP sockets on the loopback interface, and what comes back by ICMP."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.formats import tzsp
from appliance.formats.ethernet import as_ethernet
from appliance.formats.pcap import Record
from appliance.formats.tzsp import Encapsulation
from appliance.tools.captures import open_capture
from appliance.tools.player import ignore
from appliance.tools.target import Sensor
from tests.pcapfile import pcap

FRAME = bytes(range(60))


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as receiver:
        receiver.bind((request.param, 0))
        receiver.settimeout(60)
        yield receiver


def address_of(listener: socket.socket) -> tuple[str, int]:
    host, port, *_ = listener.getsockname()
    return host, port


def record(frame: bytes, original_length: int | None = None, link_type: int = 1) -> Record:
    return Record(0, frame, len(frame) if original_length is None else original_length, link_type)


def test_send_wraps_frames_as_routeros_does(listener: socket.socket) -> None:
    with closing(Sensor(address_of(listener), ignore)) as sensor:
        sensor.send(record(FRAME))
        assert listener.recv(65535) == bytes.fromhex("0100000101") + FRAME
        assert (sensor.played.sent, sensor.played.sent_bytes) == (1, 65)
        assert sensor.played.complete


@pytest.mark.parametrize(
    ("name", "encapsulation"),
    [
        ("ids/formats/tcpreplay__test.pcap", Encapsulation.ETHERNET),
        ("ids/formats/tcp-handshake-nano.pcap", Encapsulation.ETHERNET),
        ("ids/arkime/80211http.pcap", Encapsulation.IEEE_802_11),
    ],
    ids=["Ethernet", "Linux cooked", "radiotap"],
)
def test_send_tells_the_encapsulation_of_the_link_type(
    shared_data: Path, name: str, encapsulation: Encapsulation
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(60)
        with (
            closing(Sensor(address_of(listener), ignore)) as sensor,
            open_capture(shared_data / name) as capture,
        ):
            sensor.begin(capture)
            for each in capture:
                sensor.send(each)
                packet = tzsp.decode(memoryview(listener.recv(65535)))
                assert packet.encapsulation == encapsulation
                assert as_ethernet(packet.encapsulation, packet.payload)
            assert sensor.played.sent == sensor.played.read > 0


@pytest.mark.parametrize(
    ("link_type", "encapsulation"), [(101, 7), (105, 18), (119, 119), (163, 127)]
)
def test_send_leaves_frames_of_other_link_types_as_they_are(
    tmp_path: Path, link_type: int, encapsulation: int
) -> None:
    file = tmp_path / "test.pcap"
    file.write_bytes(pcap(FRAME, link_type=link_type))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(60)
        with (
            closing(Sensor(address_of(listener), ignore)) as sensor,
            open_capture(file) as capture,
        ):
            sensor.begin(capture)
            sensor.send(record(FRAME)._replace(link_type=link_type))
            expected = b"\x01\x00" + encapsulation.to_bytes(2, "big") + b"\x01" + FRAME
            assert listener.recv(65535) == expected


def test_send_carries_65502_bytes_and_counts_what_is_longer() -> None:
    notices: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(60)
        with closing(
            Sensor(address_of(listener), lambda kind, text: notices.append(text))
        ) as sensor:
            sensor.send(record(bytes(65_502)))
            assert len(listener.recv(65_536)) == 65_507
            sensor.send(record(bytes(65_503)))
            sensor.send(record(bytes(65_590)))
    assert sensor.played.sent == 1
    assert sensor.played.failed == {"oversize": 2}
    assert notices[0] == "packet 2 not sent: 65503 bytes are more than a datagram carries"


def test_send_counts_frames_that_cannot_be_wrapped(listener: socket.socket, tmp_path: Path) -> None:
    file = tmp_path / "loopback.pcap"
    file.write_bytes(pcap(link_type=0))
    with (
        closing(Sensor(address_of(listener), ignore)) as sensor,
        open_capture(file) as capture,
    ):
        sensor.send(record(b"", original_length=70))
        sensor.begin(capture)
        sensor.send(record(b"\2\0", link_type=0))
        sensor.send(record(b"\7\0\0\0" + FRAME, link_type=0))
        assert sensor.played.failed == {"malformed": 2, "unsupported_encapsulation": 1}
        assert sensor.played.read == 3


def test_send_counts_frames_that_the_snaplen_cut(listener: socket.socket) -> None:
    with closing(Sensor(address_of(listener), ignore)) as sensor:
        sensor.send(record(FRAME, original_length=1514))
        sensor.send(record(FRAME))
        assert (sensor.played.sent, sensor.played.truncated) == (2, 1)


def test_send_counts_each_datagram_that_nobody_took(listener: socket.socket) -> None:
    notices: list[tuple[str, str]] = []
    address = address_of(listener)
    listener.close()
    with closing(Sensor(address, lambda *notice: notices.append(notice))) as sensor:
        for _ in range(5):
            sensor.send(record(FRAME))
        sensor.finish()
    assert sensor.played.sent == 5
    assert sensor.played.returned == {"refused": 5}
    assert not sensor.played.complete
    assert notices[0] == ("refused", f"{sensor.name}: nobody listens there")


@pytest.mark.slow
def test_send_reaches_a_listener_that_comes_late(listener: socket.socket) -> None:
    address = address_of(listener)
    family = listener.family
    listener.close()
    with closing(Sensor(address, ignore)) as sensor:
        sensor.send(record(b"for nobody"))
        with socket.socket(family, socket.SOCK_DGRAM) as late:
            late.bind(address)
            late.settimeout(60)
            sensor.send(record(b"for the late one"))
            assert late.recv(100).endswith(b"for the late one")
        sensor.finish()
        assert sensor.played.sent == 2
        assert sensor.played.returned == {"refused": 1}


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.ENETUNREACH, errno.EPERM])
def test_send_counts_what_the_kernel_refuses(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(datagram: bytes) -> None:
        raise OSError(number, os.strerror(number))

    with closing(Sensor(address_of(listener), ignore)) as sensor:
        monkeypatch.setattr(sensor, "_transmit", refuse)
        sensor.send(record(FRAME))
        reason = "no_buffer" if number == errno.ENOBUFS else "unreachable"
        assert sensor.played.failed == {reason: 1}
        assert sensor.played.sent == 0


@pytest.mark.parametrize("host", ["no.such.host.invalid", "256.256.256.256", "a..b"])
def test_sensor_refuses_a_host_that_has_no_address(host: str) -> None:
    with pytest.raises(InputError, match=host.replace(".", r"\.")):
        Sensor((host, 37008), ignore)
