# SPDX-License-Identifier: MIT
"""Flows sent on by the service, behind its firewall, to Debian's nfcapd as another collector."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from appliance.firewall import FLOWS, render
from appliance.reports.flows import FlowsReport
from appliance.settings.config import Config
from appliance.settings.sections.flows import FlowsConfig
from tests.conftest import missing
from tests.net.kit import Segment, inside
from tests.net.namespaces import wait_until
from tests.net.test_flows import GLOVEBOX, _statistics, _sums, made
from tests.unit.flows.exporting import NOW_MS, Receiving

pytestmark = pytest.mark.net

OWN, COLLECTOR, ROUTER, SECOND = "10.77.0.1", "10.77.0.9", "10.77.0.2", "10.77.0.3"
PORT = 9995


@pytest.fixture
def segment() -> Iterator[Segment]:
    for program in ("nft", "nfcapd", "nfdump", "setpriv"):
        if not shutil.which(program):
            missing(f"no {program}")
    found = Segment()
    for name, address in (("box", OWN), ("collector", COLLECTOR), ("router", ROUTER)):
        found.station(name, f"{address}/24")
    found.station("second", f"{SECOND}/24")
    yield found
    found.close()


@contextmanager
def process(namespace: str, argv: list[str], environment: dict[str, str]) -> Iterator[None]:
    """Run a program in a namespace until the block ends."""
    found = subprocess.Popen(["ip", "netns", "exec", namespace, *argv], env=environment)
    try:
        yield
        found.send_signal(signal.SIGTERM)
        assert found.wait(60) == 0
    finally:
        found.kill()
        found.wait()


def bound(namespace: str, port: int) -> bool:
    argv = ["ip", "netns", "exec", namespace, "ss", "-Huln", f"sport = :{port}"]
    return bool(subprocess.run(argv, capture_output=True, check=True).stdout)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that the user of the service may enter."""
    with tempfile.TemporaryDirectory() as found:
        Path(found).chmod(0o755)
        yield Path(found)


def test_nfcapd_gets_what_the_routers_sent(segment: Segment, folder: Path) -> None:
    """Two routers with one template number for different records, one of them by IPFIX."""
    box, collector = f"{segment.name}-box", f"{segment.name}-collector"
    settings = f'[flows]\nrepeat_to = ["{COLLECTOR}:{PORT}"]\n'
    for each in ("files", "run"):
        (folder / each).mkdir(mode=0o777)
        (folder / each).chmod(0o777)
    (folder / "glovebox.toml").write_text(settings)
    rules = render(Config(flows=FlowsConfig(repeat_to=(f"{COLLECTOR}:{PORT}",))))
    subprocess.run(["ip", "netns", "exec", box, "nft", "--file", "-"], input=rules, text=True,
                   check=True)  # fmt: skip
    run = folder / "run"
    service = [GLOVEBOX, "flows", "--listen", f"{OWN}:2055", "--templates",
               str(run / "templates.json"), "--database", str(run / "hosts.db"), "--spool",
               str(run / "spool"), "--handed-on", str(run / "told")]  # fmt: skip
    environment = os.environ | {"GLOVEBOX_RUNTIME_DIRECTORY": str(run),
                                "GLOVEBOX_CONFIG": str(folder / "glovebox.toml")}  # fmt: skip
    nfcapd = ["nfcapd", "-w", str(folder / "files"), "-p", str(PORT), "-b", COLLECTOR, "-t",
              "3600"]  # fmt: skip
    as_user = ["setpriv", f"--reuid={FLOWS}", "--clear-groups"]
    sent = {"router": made(9, 600), "second": made(10, 400)}
    with ExitStack() as stack:
        stack.enter_context(process(collector, nfcapd, environment))
        stack.enter_context(process(box, [*as_user, *service], environment))
        wait_until(lambda: bound(collector, PORT) and bound(box, 2055), "both listen")
        for name, datagrams in sent.items():
            with inside(f"{segment.name}-{name}"):
                out = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            for datagram in datagrams:
                out.sendto(datagram, (OWN, 2055))
        wait_until(lambda: told(run) == sum(map(len, sent.values())), "all is sent on")
    found = _statistics(folder / "files", "srcip")
    receiving = Receiving()
    parts = [receiving.take(each, arrival=NOW_MS) for each in sent["router"]]
    others = Receiving()
    parts += [others.take(each, arrival=NOW_MS) for each in sent["second"]]
    assert sum(each[0] for each in found.values()) == 1000
    assert found == _sums(parts, "src")


def told(folder: Path) -> int:
    found = FlowsReport.read(folder)
    return found.repeated[0].sent if found and found.repeated else 0
