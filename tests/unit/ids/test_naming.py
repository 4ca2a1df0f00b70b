# SPDX-License-Identifier: MIT
"""Events named after rules that may change meanwhile."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from appliance.ids.alert import Alert
from appliance.ids.naming import Naming
from appliance.ids.unified2 import decode
from tests.unit.ids import records


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a rendered configuration with one rule in it, beside a root with classifications."""
    made = tmp_path / "run"
    (made / "rules").mkdir(parents=True)
    root = tmp_path / "root/etc/snort"
    root.mkdir(parents=True)
    (root / "classification.config").write_text(
        "".join(f"config classification: c{n},Class {n},1\n" for n in range(1, 6))
    )
    (made / "rules/local.rules").write_text('alert tcp a b -> c d (msg:"old name"; sid:1228;)\n')
    (made / "snort.conf").write_text(
        "include /etc/snort/classification.config\ninclude /run/glovebox-ids/rules/local.rules\n"
    )
    return made


def named(naming: Naming, record: bytes) -> Alert:
    naming.refresh()
    (event,), _ = decode(record)
    return naming.alert(event)


def test_alert_carries_names(directory: Path) -> None:
    naming = Naming(directory, directory.parent / "root")
    assert named(naming, records.event()) == Alert(
        time_us=records.SECOND * 1_000_000 + 123_456,
        gid=1,
        sid=1228,
        rev=7,
        message="old name",
        classification="Class 4",
        priority=2,
        protocol="TCP",
        source="192.0.2.1",
        source_port=40000,
        destination="192.0.2.2",
        destination_port=80,
        engine="snort",
    )


@pytest.mark.parametrize(
    ("number", "name"),
    [(1, "ICMP"), (6, "TCP"), (17, "UDP"), (58, "ICMPv6"), (255, "IP"), (99, "IP-99")],
)
def test_alert_names_the_protocol(directory: Path, number: int, name: str) -> None:
    naming = Naming(directory, directory.parent / "root")
    assert named(naming, records.event(protocol=number)).protocol == name


def test_alert_without_classification(directory: Path) -> None:
    naming = Naming(directory, directory.parent / "root")
    assert named(naming, records.event(classification=0)).classification is None


def test_refresh_notices_new_rules(directory: Path) -> None:
    naming = Naming(directory, directory.parent / "root")
    assert named(naming, records.event()).message == "old name"
    (directory / "rules/local.rules").write_text('alert tcp a b -> c d (msg:"new"; sid:1228;)\n')
    os.utime(directory / "snort.conf", ns=(1, 1))
    assert named(naming, records.event()).message == "new"


def test_refresh_says_once_that_there_are_no_rules(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    naming = Naming(tmp_path / "none", tmp_path)
    assert named(naming, records.event()).message == "Snort Alert [1:1228:7]"
    naming.refresh()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
