# SPDX-License-Identifier: MIT
"""`glovebox send` and its Python form, with a real listener on the loopback interface."""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.formats import tzsp
from appliance.service import Stop
from appliance.tools.pacing import PacketRate
from appliance.tools.send import parse_address, send_capture
from tests.pcapfile import parse_pcap, pcap


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(60)
        yield receiver


@pytest.fixture
def capture(shared_data: Path) -> Path:
    return shared_data / "ids/formats/isup.pcap"


def frames(listener: socket.socket, count: int) -> list[bytes]:
    return [bytes(tzsp.decode(memoryview(listener.recv(65535))).payload) for _ in range(count)]


def send(*argv: str | Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "appliance.cli", "send", *map(str, argv)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60)


def to(listener: socket.socket) -> str:
    return "--to={}:{}".format(*listener.getsockname())


def test_send_capture_sends_every_frame_in_order(listener: socket.socket, capture: Path) -> None:
    _, packets = parse_pcap(capture.read_bytes())
    played = send_capture(capture, listener.getsockname())
    assert frames(listener, len(packets)) == [frame for _, frame, _ in packets]
    assert played.sent == played.read == len(packets)
    assert played.complete


def test_send_capture_loops_paces_and_limits(listener: socket.socket, capture: Path) -> None:
    played = send_capture(
        capture, listener.getsockname(), pace=PacketRate(10_000), loops=0, limit=20
    )
    assert len(frames(listener, 20)) == played.sent == 20
    assert played.timing_error is not None


def test_send_capture_minds_the_callers_stop(listener: socket.socket, capture: Path) -> None:
    stop = Stop()
    stop.set()
    assert send_capture(capture, listener.getsockname(), loops=0, stop=stop).sent == 0


def test_send_capture_raises_for_a_file_cut_off_after_sending_the_rest(
    listener: socket.socket, tmp_path: Path
) -> None:
    file = tmp_path / "cut.pcap"
    file.write_bytes(pcap(b"one", b"two")[:-1])
    with pytest.raises(InputError, match="cut off after 1 packets"):
        send_capture(file, listener.getsockname())
    assert frames(listener, 1) == [b"one"]


@pytest.mark.slow
def test_send_prints_the_summary(listener: socket.socket, capture: Path) -> None:
    run = send(capture, to(listener), "-t")
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.startswith(b"Actual: 6 packets (614 bytes) sent in ")
    assert "Statistics for destination: {}:{}\n".format(*listener.getsockname()) in (
        run.stdout.decode()
    )


@pytest.mark.slow
def test_send_reports_as_json(listener: socket.socket, capture: Path) -> None:
    run = send(capture, to(listener), "-p", "10000", "--report=json")
    report = json.loads(run.stdout)
    assert report["frames_read"] == report["datagrams_sent"] == 6
    assert report["bytes_sent"] == report["bytes_read"] + 6 * 5
    assert set(report["failed"].values()) == set(report["returned"].values()) == {0}
    assert report["timing_error_us"]["max"] >= report["timing_error_us"]["p50"] >= 0


@pytest.mark.slow
def test_send_reads_standard_input(listener: socket.socket, capture: Path) -> None:
    run = send("-", to(listener), "-t", stdin=capture.read_bytes())
    assert run.returncode == 0
    assert len(frames(listener, 6)) == 6


def test_send_says_that_nobody_listens(listener: socket.socket, capture: Path) -> None:
    target = to(listener)
    listener.close()
    run = send(capture, target, "-t", "--report=json")
    report = json.loads(run.stdout)
    assert run.returncode == 1
    assert run.stderr.decode() == f"glovebox send: {target[5:]}: nobody listens there\n"
    assert report["datagrams_sent"] == report["returned"]["refused"] == 6


def test_send_refuses_a_file_that_is_no_capture(listener: socket.socket, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("not packets")
    run = send(text, to(listener))
    assert run.returncode == 2
    assert run.stderr.decode() == f"glovebox send: {text}: not a capture file (pcap or pcapng)\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1:5000", ("192.0.2.1", 5000)),
        ("192.0.2.1", ("192.0.2.1", 37008)),
        ("glovebox.local:1", ("glovebox.local", 1)),
        ("[2001:db8::1]:65535", ("2001:db8::1", 65535)),
        ("[fe80::1%eth0]", ("fe80::1%eth0", 37008)),
    ],
)
def test_parse_address_takes_both_ip_versions(text: str, expected: tuple[str, int]) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", ":37008", "2001:db8::1", "192.0.2.1:0", "192.0.2.1:65536", "a:b", "[::1]37008", "[]:1"],
)
def test_parse_address_refuses_the_rest(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected ADDR:PORT"):
        parse_address(text)
