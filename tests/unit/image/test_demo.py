# SPDX-License-Identifier: MIT
"""`build.sh demo`: one clear line and a status of its own for whatever goes wrong."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance.errors import DiskFullError, NetworkError
from image.build import boards
from image.build.context import BuildContext
from image.build.image import build_image
from image.demo import SHIPPED, alert_line, describe, endpoint
from image.progress import StageProgress
from tests.conftest import missing
from tests.demo import BIND_ANY, demo


def bad_captures(folder: Path) -> dict[str, Path]:
    content = SHIPPED.read_bytes()
    (folder / "empty.pcap").touch()
    (folder / "no-packets.pcap").write_bytes(content[:24])
    (folder / "text.pcap").write_text("this is no capture, whatever its name says\n" * 9)
    (folder / "cut.pcap").write_bytes(content[: len(content) // 2])
    return {
        "missing": folder / "missing.pcap",
        "folder": folder,
        **{path.stem: path for path in folder.glob("*.pcap")},
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "no-packets", "text", "cut"])
def test_demo_refuses_a_bad_capture_before_it_builds(kind: str, tmp_path: Path) -> None:
    result = demo(bad_captures(tmp_path)[kind], "--once")
    assert result.returncode == 2
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("build.sh demo: ")
    assert str(tmp_path) in lines[0]
    assert result.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "option"), [("udp", "--tzsp-port"), ("tcp", "--page-port")])
def test_demo_says_which_port_is_taken(kind: str, option: str) -> None:
    types = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}
    with closing(socket.socket(socket.AF_INET, types[kind])) as holder:
        holder.bind(("127.0.0.1", 0))
        if kind == "tcp":
            holder.listen()
        port = holder.getsockname()[1]
        result = demo("--once", *BIND_ANY, option, str(port))
    assert result.returncode == 5
    assert f"{kind.upper()} port {port} of 127.0.0.1" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.tools
def test_build_without_a_network_says_so_and_keeps_nothing(tmp_path: Path) -> None:
    context = BuildContext(
        boards.choose("vm"), StageProgress(), mirror="http://127.0.0.1:9/debian", folder=tmp_path
    )
    with pytest.raises(NetworkError, match="--mirror"):
        build_image(context)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        missing("mounting a small disk needs root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.tools
def test_build_on_a_full_disk_says_so_and_keeps_nothing(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(small_disk))
    with pytest.raises(DiskFullError, match="free some"):
        build_image(BuildContext(boards.choose("vm"), StageProgress(), folder=small_disk / "build"))
    assert list((small_disk / "build" / "cache").iterdir()) == []


@pytest.mark.parametrize(
    ("address", "port", "text"),
    [("192.0.2.1", 80, "192.0.2.1:80"), ("2001:db8::1", 80, "[2001:db8::1]:80"),
     ("192.0.2.1", None, "192.0.2.1"), ("2001:db8::1", None, "2001:db8::1")],
)  # fmt: skip
def test_endpoint(address: str, port: int | None, text: str) -> None:
    assert endpoint(address, port) == text


def test_alert_line_has_all_that_a_person_asks_for() -> None:
    line = alert_line(
        {"time": "2026-01-02T03:04:05.000006Z", "gid": 1, "sid": 1228, "message": "SCAN XMAS",
         "protocol": "TCP", "source": "192.0.2.1", "source_port": 9, "destination": "192.0.2.2",
         "destination_port": 80, "priority": 2}
    )  # fmt: skip
    assert line == (
        "2026-01-02T03:04:05.000006Z  1:1228  SCAN XMAS  {TCP} 192.0.2.1:9 → 192.0.2.2:80"
        "  priority 2"
    )


def test_describe_names_only_the_drops_there_were() -> None:
    counters = {"datagrams_received": 5, "frames_sent": 3, "socket_overflow": 0,
                "dropped": {"oversize": 2, "malformed": 0}}  # fmt: skip
    assert describe(counters, 1).startswith("received 5 datagrams, put 3 frames on tzsp0, dropped:"
                                            " oversize 2, socket overflow 0; 1 alerts")  # fmt: skip
