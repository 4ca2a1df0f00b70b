# SPDX-License-Identifier: MIT
"""The service: what it publishes, and that it ends well."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.alerts import service
from appliance.alerts.store import AlertReader
from appliance.reports.alerts import AlertStoreReport
from tests.net.namespaces import wait_until
from tests.unit.ids import records

GLOVEBOX = str(Path(sys.executable).with_name("glovebox"))


def test_describe_tells_trouble_first() -> None:
    report = AlertStoreReport(1.0, 7, 7, 1.0, 60, 0)
    assert service.describe(report) == "7 alerts stored"
    assert service.describe(replace(report, unreadable=3)) == "7 alerts stored; 3 could not be read"
    assert service.describe(replace(report, error="no space")) == (
        "no space; 7 alerts stored, 60 bytes wait in the spool"
    )


def test_main_says_what_is_wrong_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        service.main(["--keep", "many"])
    assert caught.value.code == 2
    assert "--keep" in capsys.readouterr().err


def test_once_stores_what_waits_and_ends(tmp_path: Path) -> None:
    (tmp_path / "alert.u2.1.1").write_bytes(records.event(1) + records.event(2))
    argv = ["--once", "--spool", tmp_path, "--database", tmp_path / "alerts.db",
            "--directory", tmp_path, "--root", tmp_path]  # fmt: skip
    assert service.main(list(map(str, argv))) == 0
    assert AlertReader(tmp_path / "alerts.db").count() == 2


@pytest.mark.slow
def test_service_tells_systemd_and_stores_the_rest_when_it_ends(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    file = spool / "alert.u2.1.1"
    file.write_bytes(records.event(1))
    address = tmp_path / "notify"
    notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notified.bind(str(address))
    notified.settimeout(60)
    process = subprocess.Popen(
        [GLOVEBOX, "alerts", "--spool", spool, "--database", tmp_path / "alerts.db",
         "--directory", tmp_path, "--root", tmp_path],
        env=os.environ
        | {"NOTIFY_SOCKET": str(address), "GLOVEBOX_RUNTIME_DIRECTORY": str(tmp_path)},
    )  # fmt: skip
    try:
        awaited = {b"READY=1", b"WATCHDOG=1", b"STATUS=1 alerts stored"}
        while awaited:
            awaited -= set(notified.recv(4096).splitlines())
        wait_until(lambda: AlertStoreReport.read(tmp_path), "a report")
        with file.open("ab") as stream:
            stream.write(records.event(2) + records.event(3))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        notified.close()
    report = AlertStoreReport.require(tmp_path)
    assert (report.stored, report.spool_lag_bytes, report.error) == (3, 0, None)
    stored = AlertReader(tmp_path / "alerts.db").after(0, 10)
    assert [alert["sid"] for alert in stored] == [1, 2, 3]
