# SPDX-License-Identifier: MIT
"""The first alert that the README makes on purpose: its command raises the rule that it names."""

from __future__ import annotations

import re
import shlex
import struct
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import PROJECT
from tests.frames import ethernet, ipv4, tcp_frame, udp
from tests.net.engine import Engine
from tests.net.suricata import Suricata
from tests.pcapfile import pcap
from tests.unit.formats.test_dns_message import question

CLIENT, SERVER = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
CLIENT_PORT, HTTP = 40222, 80
SYN, ACK, PUSH_ACK, SYN_ACK, FIN_ACK = 0x02, 0x10, 0x18, 0x12, 0x11


def packet(flags: int, sequence: int, acknowledged: int, payload: bytes, back: bool) -> bytes:
    """Build one frame of the connection, from the server if it goes `back`."""
    ports = (HTTP, CLIENT_PORT) if back else (CLIENT_PORT, HTTP)
    source, destination = (SERVER, CLIENT) if back else (CLIENT, SERVER)
    segment = struct.pack("!HHIIBBHHH", *ports, sequence, acknowledged, 5 << 4, flags, 64000, 0, 0)
    return tcp_frame(source, destination, segment + payload)


def connection(request: bytes) -> bytes:
    """Return the capture of one HTTP connection."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    asked, answered = 1 + len(request), 1 + len(answer)
    return pcap(
        packet(SYN, 0, 0, b"", False),
        packet(SYN_ACK, 0, 1, b"", True),
        packet(ACK, 1, 1, b"", False),
        packet(PUSH_ACK, 1, 1, request, False),
        packet(PUSH_ACK, 1, asked, answer, True),
        packet(FIN_ACK, asked, answered, b"", False),
        packet(FIN_ACK, answered, asked + 1, b"", True),
        packet(ACK, asked + 1, answered + 1, b"", False),
        times_us=tuple(range(0, 80_000, 10_000)),
    )


def readme() -> tuple[bytes, int]:
    """Return what curl sends for the README's command, and the sid of the rule it names."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^curl .*$", text, re.MULTILINE)
    [sid] = re.findall(r"\(rule (\d+)\)", text)
    url = urlsplit(shlex.split(command)[1])
    assert url.scheme == "http", "what is encrypted raises nothing"
    target = f"{url.path}?{url.query}" if url.query else url.path
    lines = (
        f"GET {target} HTTP/1.1",
        f"Host: {url.netloc}",
        "User-Agent: curl/8.5.0",
        "Accept: */*",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode(), int(sid)


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    """Return the capture of a question for the name that is there to be tried."""
    folder = tmp_path / "captures"
    folder.mkdir()
    capture = folder / "asking.pcap"
    frame = ethernet(ipv4(udp(question("GloveBox-Alert-test.example"), 53)))
    capture.write_bytes(pcap(frame, times_us=(0,)))
    return capture


def test_snort_tells_of_the_name_to_be_tried(
    engine_root: Path, tmp_path: Path, asking: Path
) -> None:
    engine = Engine(engine_root, tmp_path / "run", None)
    engine.configure()
    assert [event.sid for event in engine.read_file(asking)] == [1_000_101]


def test_suricata_tells_of_the_name_to_be_tried(
    suricata_root: Path, tmp_path: Path, asking: Path
) -> None:
    engine = Suricata(suricata_root, tmp_path / "run", None)
    engine.configure()
    assert [alert.sid for alert in engine.alerts_of(asking)] == [1_000_101]


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    """Return the capture of the README's request."""
    folder = tmp_path / "captures"
    folder.mkdir()
    capture = folder / "first.pcap"
    capture.write_bytes(connection(readme()[0]))
    return capture


def test_snort_names_it(engine_root: Path, tmp_path: Path, exchange: Path) -> None:
    engine = Engine(engine_root, tmp_path / "run", None)
    engine.configure()
    assert [event.sid for event in engine.read_file(exchange)] == [readme()[1]]


def test_suricata_names_it(suricata_root: Path, tmp_path: Path, exchange: Path) -> None:
    engine = Suricata(suricata_root, tmp_path / "run", None)
    engine.configure()
    assert [alert.sid for alert in engine.alerts_of(exchange)] == [readme()[1]]
