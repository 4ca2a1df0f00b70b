# SPDX-License-Identifier: MIT
"""`glovebox alerts` for people: what is listed, followed and exported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from appliance.alerts import service
from appliance.alerts.export import alerts_command
from appliance.alerts.pages import AlertPages
from appliance.alerts.search import Filter
from appliance.alerts.store import AlertStore
from appliance.devices.directory import KnownDevices
from appliance.devices.owner_names import OwnerName
from appliance.errors import InputError
from tests.web.alerts import add, an_alert


def run(tmp_path: Path, *argv: str) -> int:
    return alerts_command.main([*argv, "--database", str(tmp_path / "alerts.db")])


def test_the_newest_that_fit_are_listed(
    tmp_path: Path, store: AlertStore, capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, [an_alert(), an_alert(sid=7, message="\x1b[2Jhostile"), an_alert(sid=8)])
    assert run(tmp_path, "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("[1:")[1].split(":")[0] for line in lines] == ["8", "7", "2001219"]
    assert "\x1b" not in lines[1] and "?[2Jhostile" in lines[1]
    assert run(tmp_path, "list", "--sid", "1:7", "--json") == 0
    assert json.loads(capsys.readouterr().out)["sid"] == 7
    run(tmp_path, "list", "--limit", "2")
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_all_are_exported_as_the_page_does(
    tmp_path: Path, store: AlertStore, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(alerts_command, "PAGE", 3)
    add(store, [an_alert(source=f"198.51.100.{number}") for number in range(10)])
    assert run(tmp_path, "export", "--limit", "1000") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("id,time,priority") and len(lines) == 11
    assert run(tmp_path, "export", "--port", "22", "--limit", "4") == 0
    assert len(capsys.readouterr().out.splitlines()) == 5


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--port", "x"], "no port"), (["--direction", "up"], "no direction"),
        (["--since", "soon"], "no time"),
    ],
)  # fmt: skip
def test_a_wrong_filter_is_told(
    tmp_path: Path, store: AlertStore, argv: list[str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        run(tmp_path, "list", *argv)


def test_without_a_store_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="store"):
        run(tmp_path, "list")


@pytest.mark.parametrize(
    "argv", [[], ["dance"], ["list", "--limit", "0"], ["list", "--limit", "x"]]
)
def test_bad_usage(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        alerts_command.main(argv)
    assert ended.value.code == 2


def test_what_comes_is_followed_each_once(tmp_path: Path, store: AlertStore) -> None:
    add(store, [an_alert()])
    shown: list[Mapping[str, Any]] = []
    turns = iter([[an_alert(sid=7), an_alert(sid=8)], [], [an_alert(sid=7)]])

    def pause(seconds: float) -> None:
        found = next(turns, None)
        if found is None:
            raise KeyboardInterrupt
        add(store, found)

    with pytest.raises(KeyboardInterrupt):
        alerts_command.follow(
            AlertPages(tmp_path / "alerts.db"), Filter(sid=7), shown.append, pause
        )
    assert [each["sid"] for each in shown] == [7, 7]
    assert shown[0]["id"] < shown[1]["id"]


def test_names_stand_beside_addresses() -> None:
    devices = KnownDevices(names={"192.168.1.20": OwnerName("Anna's")})
    alert = {
        "time": "2026-11-30T09:00:00Z", "priority": 1, "message": "m", "gid": 1, "sid": 2, "rev": 3,
        "protocol": "TCP", "source": "2001:db8::1", "source_port": 5, "destination": "192.168.1.20",
        "destination_port": None,
    }  # fmt: skip
    expected = "2026-11-30T09:00:00 p1 m [1:2:3] TCP [2001:db8::1]:5 -> 192.168.1.20 (Anna's)"
    assert alerts_command.line(alert, devices) == expected


def test_the_old_name_of_the_service_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []

    def main(argv: list[str]) -> int:
        called.append(list(argv))
        return 0

    monkeypatch.setattr(service, "main", main)
    assert alerts_command.main(["--once"]) == 0
    assert called == [["--once"]]
