# SPDX-License-Identifier: MIT
"""The programs that are compared, and what they are measured by while they run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import PROJECT
from tests.net.namespaces import INTERFACE, Network, wait_until
from tests.net.receiving import GLOVEBOX

HERE = Path(__file__).parent
BUILD = PROJECT / "build"
PIPELINE_ROOT = BUILD / "bench-root"
TOOLS = BUILD / "bench-tools"
PORT = 37008
GRACE_S = 3.0


@dataclass(frozen=True)
class Contender:
    """One way from TZSP to the interface: commands that are joined by pipes."""

    name: str
    commands: tuple[tuple[str, ...], ...]


GLOVEBOX_REPLAY = Contender(
    "glovebox replay", ((GLOVEBOX, "replay", "-i", INTERFACE, "--listen", str(PORT)),)
)
PIPELINE = Contender(
    "tzsp2pcap | tcpreplay",
    (
        ("chroot", str(PIPELINE_ROOT), "tzsp2pcap", "-f"),
        ("chroot", str(PIPELINE_ROOT), "tcpreplay", "--topspeed", "-i", INTERFACE, "-"),
    ),
)
PLAIN_C = Contender("plain C", ((str(TOOLS / "plain"), str(PORT), INTERFACE, "256"),))
PLAIN_PYTHON = Contender(
    "plain Python", ((sys.executable, str(HERE / "plain.py"), str(PORT), INTERFACE),)
)
CONTENDERS = (GLOVEBOX_REPLAY, PIPELINE, PLAIN_C, PLAIN_PYTHON)


def prepare() -> None:
    """Compile the C programs, and unpack the pipeline's packages if that is still to be done."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    for source in HERE.glob("*.c"):
        target = TOOLS / source.stem
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", target, source], check=True)
    if not (PIPELINE_ROOT / "usr/bin/tcpreplay").exists():
        # sid alone has tzsp2pcap; a mirror may be days old, which does no harm to a yardstick.
        subprocess.run(
            [
                "mmdebstrap", "--variant=essential", "--include=tzsp2pcap,tcpreplay",
                '--aptopt=Acquire::Check-Valid-Until "false"', "sid", PIPELINE_ROOT,
            ],
            check=True,
        )  # fmt: skip


class Running:
    """The processes of a contender at work."""

    def __init__(self, processes: list[subprocess.Popen[bytes]]) -> None:
        self._processes = processes

    def cpu_seconds(self) -> float:
        """Return the CPU time of all threads, user and system, to the nanosecond."""
        return sum(
            int(statistics.read_text().split()[0])
            for process in self._processes
            for statistics in Path(f"/proc/{process.pid}/task").glob("*/schedstat")
        ) / 1e9  # fmt: skip

    def resident_bytes(self) -> int:
        """Return the resident memory of all processes."""
        return sum(_resident_bytes(process.pid) for process in self._processes)


@contextlib.contextmanager
def running(network: Network, contender: Contender, runtime: Path) -> Iterator[Running]:
    """Run a contender on the sensor; it is ready when it has its sockets."""
    processes: list[subprocess.Popen[bytes]] = []
    sockets_before = packet_sockets(network)
    try:
        with network.inside(network.sensor):
            for command in contender.commands:
                processes.append(
                    subprocess.Popen(
                        command,
                        stdin=processes[-1].stdout if processes else subprocess.DEVNULL,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                        env=os.environ | {"GLOVEBOX_RUNTIME_DIRECTORY": str(runtime)},
                    )
                )
        wait_until(
            lambda: packet_sockets(network) > sockets_before and _listening(network),
            f"{contender.name} is ready",
        )
        yield Running(processes)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_S)
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def packet_sockets(network: Network) -> int:
    """Return how many packet sockets there are on the sensor: senders and sniffers."""
    with network.inside(network.sensor):
        return len(Path("/proc/thread-self/net/packet").read_text().splitlines()) - 1


def _listening(network: Network) -> bool:
    with network.inside(network.sensor):
        tables = [Path(f"/proc/thread-self/net/{name}").read_text() for name in ("udp", "udp6")]
    return any(f":{PORT:04X} " in table for table in tables)


def _resident_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) << 10
