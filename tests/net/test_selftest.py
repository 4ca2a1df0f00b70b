# SPDX-License-Identifier: MIT
"""`glovebox selftest` on a real sensor, as processes in a namespace: it tells late from deaf."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.net.engine import GLOVEBOX, UID, Alerts, Engine, running
from tests.net.flood import PORT
from tests.net.namespaces import DEADLINE_S, Network, Sniffer, wait_until
from tests.net.receiving import replaying

pytestmark = [pytest.mark.net, pytest.mark.snort]

# The usual time: far below that after which an engine that does nothing is deaf.
USUAL_S = 3.0


@pytest.fixture
def engine(network: Network, engine_root: Path, tmp_path: Path) -> Iterator[Engine]:
    """Return Snort, configured, not started, on a sensor whose alerts are stored."""
    made = Engine(engine_root, tmp_path / "run", network)
    made.configure()
    (tmp_path / "database").mkdir()
    alerts = Alerts(made, tmp_path / "database/alerts.db")
    with running(alerts):
        yield made
        made.stop(signal.SIGKILL)


class SelfTest:
    """A self-test on its way, whose marker is on the interface."""

    def __init__(self, network: Network, engine: Engine, sniffer: Sniffer) -> None:
        engine.configure()
        runtime = engine.directory.parent
        with replaying(network, runtime, "--listen", str(PORT)) as receiver:
            self._process = subprocess.Popen(
                ["ip", "netns", "exec", network.sensor, GLOVEBOX, "selftest", "--json",
                 "--seconds", str(USUAL_S), "--user", str(UID), "--directory", engine.directory,
                 "--database", runtime / "database/alerts.db"],
                env=engine.environment, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip

            def has_come() -> bool:
                # Its notes to systemd are read meanwhile: it would wait for that.
                receiver.wait_for_beat()
                return bool(sniffer.waiting())

            wait_until(has_come, "the marker")

    def goes_on_beyond_the_usual_time(self) -> bool:
        try:
            self._process.wait(1.2 * USUAL_S)
        except subprocess.TimeoutExpired:
            return True
        return False

    def result(self) -> dict[str, Any]:
        said, _ = self._process.communicate(timeout=2 * DEADLINE_S)
        found = json.loads(said)
        assert self._process.returncode == (0 if found["passed"] else 1)
        assert isinstance(found, dict)
        return found


def test_selftest_passes(network: Network, engine: Engine, sniffer: Sniffer) -> None:
    engine.start()
    found = SelfTest(network, engine, sniffer).result()
    assert (found["verdict"].partition(",")[0], found["passed"]) == ("passed", True)
    assert list(found["seconds"]) == ["sent", "decapsulated", "inspected", "stored"]


def test_selftest_waits_for_an_engine_that_is_late(
    network: Network, engine: Engine, sniffer: Sniffer
) -> None:
    snort = engine.start()
    os.kill(snort, signal.SIGSTOP)
    test = SelfTest(network, engine, sniffer)
    assert test.goes_on_beyond_the_usual_time()
    os.kill(snort, signal.SIGCONT)
    found = test.result()
    assert found["verdict"].startswith("passed, engine late: its alert came after ")
    assert found["passed"] is True
    assert found["seconds"]["inspected"] > USUAL_S


def test_selftest_calls_an_engine_deaf_that_is_stopped(
    network: Network, engine: Engine, sniffer: Sniffer
) -> None:
    snort = engine.start()
    os.kill(snort, signal.SIGSTOP)
    found = SelfTest(network, engine, sniffer).result()
    assert found["verdict"].startswith("engine deaf: ")
    assert found["verdict"].endswith("the engine raised no alert")
    assert list(found["seconds"]) == ["sent", "decapsulated"]


def test_selftest_calls_an_engine_deaf_that_listens_elsewhere(
    network: Network, engine: Engine, sniffer: Sniffer
) -> None:
    network.link("add", "other0", "type", "bridge", "mcast_snooping", 0)
    network.link("set", "other0", "up")
    engine.configure(interface="other0")
    engine.start()
    found = SelfTest(network, engine, sniffer).result()
    assert found["verdict"].startswith("engine deaf: ")
    assert found["verdict"].endswith("the engine does not listen there")
