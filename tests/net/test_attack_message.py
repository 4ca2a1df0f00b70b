# SPDX-License-Identifier: MIT
"""From an attack's frame to the phone: engine, store, writer and sender as processes, ntfy played.

Then the phone cannot be reached, the power goes, and later on all of it is told.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.notify.message_policy import MOST_RULES
from appliance.reports.notify import LineStanding, NotifyReport
from tests.frames import ethernet, ipv4, udp
from tests.net.engine import GLOVEBOX, Alerts, Engine, inject, running
from tests.net.namespaces import Network, wait_until
from tests.net.suricata import Suricata
from tests.unit.notify.played_services import PATIENCE_S, PlayedServer, TakenRequest, played

pytestmark = pytest.mark.net

FIRST_PORT, RULES, ATTACK = 20_000, MOST_RULES + 20, 19_999
# One rule for each port: more than a channel keeps apart.
OWNER_RULES = "".join(
    f'alert udp any any -> any {FIRST_PORT + n} (msg:"TEST rule {n}"; priority:2;'
    f" sid:{1_010_000 + n}; rev:1;)\n"
    for n in range(RULES)
) + (f'alert udp any any -> any {ATTACK} (msg:"TEST attack"; priority:1; sid:1009999; rev:1;)\n')


@pytest.fixture(
    params=[
        pytest.param((Engine, "engine_root"), id="snort", marks=pytest.mark.snort),
        pytest.param((Suricata, "suricata_root"), id="suricata", marks=pytest.mark.suricata),
    ]
)
def engine(request: pytest.FixtureRequest, network: Network, tmp_path: Path) -> Iterator[Engine]:
    kind, root = request.param
    made: Engine = kind(request.getfixturevalue(root), tmp_path / "run", network)
    made.configure(owner_rules=OWNER_RULES)
    yield made
    made.stop(signal.SIGKILL)


class Telling:
    """The writer and the sender of messages, as processes of one channel."""

    def __init__(self, folder: Path, database: Path, address: str) -> None:
        self.status = folder / "status"
        for name in ("kept", "run", "run/wishes", "status", "lines"):
            (folder / name).mkdir()
        settings = folder / "notify.toml"
        settings.write_text(
            f'[notify]\nchannels = [{{ name = "phone", way = "ntfy", to = "{address}/topic" }}]\n'
        )
        self._environment = os.environ | {
            "GLOVEBOX_RUNTIME_DIRECTORY": str(self.status),
            "GLOVEBOX_CONFIG": str(settings),
        }
        self._commands = (
            ["notify-send", "--folder", folder / "kept", "--run", folder / "run"],
            ["notify", "--database", database, "--folder", folder / "lines",
             "--socket", folder / "run/socket"],
        )  # fmt: skip
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        for command in self._commands:
            argv = [GLOVEBOX, *map(str, command)]
            self._processes.append(
                subprocess.Popen(argv, env=self._environment, stderr=subprocess.DEVNULL)
            )

    def cut(self) -> None:
        """End both as a power cut does."""
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes.clear()
        (self.status / f"{NotifyReport.NAME}.json").unlink(missing_ok=True)

    @property
    def line(self) -> LineStanding:
        """The figures of the channel; nothing is ever missing of them."""
        report = NotifyReport.read(self.status)
        found = report.named("phone") if report else None
        found = found or LineStanding("phone", -1, -1, 0, 0)
        assert found.heard in (-1, found.told + found.waiting)
        return found


@pytest.fixture
def telling(tmp_path: Path) -> Iterator[tuple[Telling, int]]:
    with played() as server:
        port = server.server_address[1]
        (tmp_path / "telling").mkdir()
        made = Telling(tmp_path / "telling", tmp_path / "alerts.db", server.address)
    yield made, port
    made.cut()


def attack(network: Network, *ports: int) -> None:
    inject(network, [ethernet(ipv4(udp(b"x" * 60, port))) for port in ports])


def next_alert(server: PlayedServer, wanted: str) -> TakenRequest:
    """Return the next message whose title has some words; others are of the sensor's state."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(queue.Empty):
            found = server.taken.get(timeout=1.0)
            if wanted in found.body["title"]:
                return found
        assert time.monotonic() < deadline, f"no message says {wanted!r}"


def test_an_attack_is_told_at_once_and_what_waited_later(
    network: Network, engine: Engine, telling: tuple[Telling, int], tmp_path: Path
) -> None:
    told, port = telling
    with running(Alerts(engine, tmp_path / "alerts.db")), running(engine):
        with played(port=port) as server:
            told.start()
            wait_until(lambda: told.line.heard >= 0, "the writer is at work")
            begin = time.monotonic()
            attack(network, ATTACK)
            message = next_alert(server, "TEST attack")
            print(f"{engine.name}: on the phone {time.monotonic() - begin:.1f} s after the frame")
            assert message.body["priority"] == 4
            wait_until(lambda: told.line.told >= 1 and not told.line.waiting, "it is told")

        attack(network, *range(FIRST_PORT, FIRST_PORT + RULES))
        wait_until(
            lambda: told.line.waiting >= RULES and told.line.away_since > 0, "all of it waits"
        )
        told.cut()

        with played(port=port) as server:
            told.start()
            digest = next_alert(server, "alerts of")
            counted = re.search(r": ([\d,]+) alerts of (\d+) rules$", digest.body["title"])
            assert counted and int(counted[2]) == MOST_RULES
            assert int(counted[1].replace(",", "")) >= RULES
            assert "of rules that found no room here" in digest.body["message"]
            wait_until(lambda: told.line.told > RULES and not told.line.waiting, "all is told")
