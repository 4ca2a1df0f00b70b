"""`build.sh demo`: one clear line and a status of its own for whatever goes wrong."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance.errors import DiskFullError, NetworkError
from image.build import boards
from image.build.build import Build
from image.demo import SHIPPED, alert_line, describe, endpoint
from image.progress import Progress
from tests.conftest import PROJECT, missing
from tests.image.test_command import hear_interrupts

DEMO = [sys.executable, "-m", "image.demo"]
BIND_ANY = ["--tzsp-port", "0", "--page-port", "0"]


def demo(*arguments: str | Path, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEMO, *map(str, arguments)], cwd=PROJECT, capture_output=True, text=True,
        timeout=seconds, check=False,
    )  # fmt: skip


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


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "no-packets", "text", "cut"])
def test_demo_refuses_a_bad_capture_before_it_builds(kind: str, tmp_path: Path) -> None:
    result = demo(bad_captures(tmp_path)[kind], "--once")
    assert result.returncode == 2
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("build.sh demo: ")
    assert str(tmp_path) in lines[0]
    assert result.stdout == ""


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


def test_build_without_a_network_says_so_and_keeps_nothing(tmp_path: Path) -> None:
    build = Build(
        boards.choose("vm"), Progress(), mirror="http://127.0.0.1:9/debian", folder=tmp_path
    )
    with pytest.raises(NetworkError, match="--mirror"):
        build.image()
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        missing("mounting a small disk needs root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_build_on_a_full_disk_says_so_and_keeps_nothing(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(small_disk))
    with pytest.raises(DiskFullError, match="free some"):
        Build(boards.choose("vm"), Progress(), folder=small_disk / "build").image()
    assert list((small_disk / "build" / "cache").iterdir()) == []


def children_of(pid: int) -> list[int]:
    result = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in result.stdout.split()]


def wait_for_machine(pid: int) -> int:
    """Return the process id of the QEMU that `pid` has started."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for child in children_of(pid):
            # A program of the build may be gone before it is looked at.
            with contextlib.suppress(OSError):
                if b"glovebox.harness" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return child
        time.sleep(0.05)
    raise AssertionError("no machine was started")


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.image
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_demo_ended_while_the_guest_boots_leaves_nothing(number: int) -> None:
    process = subprocess.Popen(
        [*DEMO, "--once", *BIND_ANY], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=hear_interrupts,
    )  # fmt: skip
    machine = wait_for_machine(process.pid)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert gone(machine)
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert errors.decode().strip().splitlines()[-1].startswith("build.sh demo: interrupted")


@pytest.mark.image
@pytest.mark.timeout(900)
def test_demo_once_reports_alerts_counters_and_seconds() -> None:
    result = demo("--once", "--report", "json", *BIND_ANY, seconds=600)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    found = report["counters"]
    assert found["datagrams_received"] == (
        found["frames_sent"] + found["keepalives"] + sum(found["dropped"].values())
    )
    assert {"boot until Snort listens"} <= set(report["seconds"])
    fields = {"time", "gid", "sid", "rev", "message", "classification", "priority", "protocol",
              "source", "source_port", "destination", "destination_port", "engine"}  # fmt: skip
    assert report["alerts"]
    assert all(fields <= set(alert) for alert in report["alerts"])


@pytest.mark.image
@pytest.mark.timeout(900)
def test_demo_once_without_an_alert_ends_with_status_1(shared_data: Path) -> None:
    result = demo(shared_data / "ids/maltrail/clean_tcp.pcap", "--once", *BIND_ANY, seconds=600)
    assert result.returncode == 1, result.stderr
    assert "; 0 alerts" in result.stdout


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
