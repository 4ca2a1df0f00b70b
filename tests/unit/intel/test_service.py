# SPDX-License-Identifier: MIT
"""The service: lists come and go, the owner agrees, and trouble is told."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.files import write_durable
from appliance.flowwatch.knocks import Knocks
from appliance.flowwatch.listed_flows import ListedFlows, ListedTalk
from appliance.intel import service
from appliance.intel.allowed import Allowed
from appliance.intel.hit_spool import HitSpool
from appliance.intel.matcher import Matcher
from appliance.intel.meetings import Meetings
from appliance.intel.service import IntelService, ListTaking
from appliance.intel.wishes import IntelWish, IntelWishKind, handed_on, inbox
from appliance.reports.intel import IntelListsReport, IntelReport
from appliance.settings.config import build
from tests.conftest import need_root
from tests.unit.formats.test_dns_message import question
from tests.unit.intel.test_card_lists import MANY

DEADLINE_S = 30.0


@pytest.fixture
def places(tmp_path: Path) -> Path:
    for name in ("card", "kept", "spool", "wishes", "run", "fetched", "flows"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def served(places: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IntelService]:
    monkeypatch.setenv("GLOVEBOX_RUNTIME_DIRECTORY", str(places / "run"))
    need_root()
    made = IntelService(
        "lo", Matcher(Meetings(Allowed(), ()), HitSpool(places / "spool")),
        ListTaking(places / "card", places / "kept", places / "fetched"),
        inbox(places / "wishes"), places / "kept", time.time(), Knocks(places / "kept"),
        handed_on(places / "flows"),
    )  # fmt: skip
    yield made
    made.close()


def turn_until(served: IntelService, done: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline, what
        served._due = 0.0
        served.turn(0.05)


@pytest.mark.slow
def test_lists_are_taken_and_looked_for(served: IntelService, places: Path) -> None:
    (places / "card/a.txt").write_text("bad.example\n")
    served.taking.begin()
    turn_until(served, lambda: served.sniffer, "it looks at frames")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(question("bad.example"), ("127.0.0.1", 53))
    turn_until(served, lambda: served.report().alerts, "the question is seen")
    report = served.report()
    assert report.indicators == 1 and report.recent[0].indicator == "bad.example"
    assert IntelListsReport.require(places / "run").lists[0].name == "a.txt"


@pytest.mark.slow
def test_what_flows_tell_is_confirmed_counted_and_raised(
    served: IntelService, places: Path
) -> None:
    (places / "card/a.txt").write_text("203.0.113.0/24\n198.51.100.7\n")
    served.taking.begin()
    turn_until(served, lambda: served.sniffer, "the lists are in force")
    talk = ListedTalk("192.168.88.9", 40_000, "203.0.113.5", 443, 6)
    other = ListedTalk("192.168.88.9", 40_000, "192.0.2.1", 443, 6)
    called = ListedTalk("192.168.88.9", 22, "198.51.100.7", 50_000, 6, called=True)
    told = ListedFlows((talk, other, called), {"203.0.113.6": 7, "192.0.2.9": 2})
    served.flows.post(told)
    turn_until(served, lambda: served.report().talks, "it is taken")
    report = served.report()
    assert (report.talks, report.hits, report.alerts) == (3, 2, 2)
    hows = {each.how: (each.device, each.indicator) for each in report.recent}
    assert hows == {"connection to": ("192.168.88.9", "203.0.113.0/24"),
                    "connection from": ("192.168.88.9", "198.51.100.7")}  # fmt: skip
    (knocked,) = report.knocks
    assert (knocked.list_name, knocked.count) == ("a.txt", 7)
    spool = b"".join(each.read_bytes() for each in (places / "spool").iterdir())
    assert b"Known bad: connection to 203.0.113.0/24 (says a.txt)" in spool


@pytest.mark.slow
@pytest.mark.parametrize(
    "bad",
    [
        ListedTalk("x", 1, "203.0.113.5", 2, 6),
        ListedTalk("192.168.88.9", 1, "", 2, 6),
        ListedTalk("192.168.88.9", 65_536, "203.0.113.5", 2, 6),
        ListedTalk("192.168.88.9", 1, "203.0.113.5", 65_536, 6),
    ],
)
def test_a_bad_talk_is_counted_and_those_after_it_are_taken(
    served: IntelService, places: Path, bad: ListedTalk
) -> None:
    (places / "card/a.txt").write_text("203.0.113.0/24\n")
    served.taking.begin()
    turn_until(served, lambda: served.sniffer, "the lists are in force")
    good = ListedTalk("192.168.88.9", 40_000, "203.0.113.5", 443, 6)
    served.flows.post(ListedFlows((bad, good), {"z": 1, "203.0.113.6": 2}))
    served.flows.post(ListedFlows((good,)))
    turn_until(served, lambda: served.report().talks, "it is taken")
    report = served.report()
    assert (report.talks, report.hits, report.unusable) == (3, 2, 2)
    assert [each.count for each in report.knocks] == [2]


@pytest.mark.slow
def test_without_lists_nothing_is_looked_at(served: IntelService, places: Path) -> None:
    served.taking.begin()
    turn_until(served, lambda: served.taking._process is None, "the lists are read")
    assert served.sniffer is None and served.report().trouble == ""


@pytest.mark.slow
def test_the_owner_agrees_to_a_list(served: IntelService, places: Path) -> None:
    (places / "card/a.txt").write_text(MANY)
    served.taking.begin()
    turn_until(served, lambda: served.matcher.known.entries == 200, "the list is in force")
    (places / "card/a.txt").write_text(MANY[:500])
    served.taking.begin()
    turn_until(served, lambda: served.taking._process is None, "the list was read")
    (standing,) = IntelListsReport.require(places / "run").lists
    assert standing.held and served.matcher.known.entries == 200
    inbox(places / "wishes").post(IntelWish(IntelWishKind.AGREE, "a.txt", standing.digest))
    turn_until(served, lambda: served.matcher.known.entries < 100, "the new one is in force")


@pytest.mark.slow
def test_a_list_that_is_fetched_comes_into_force(served: IntelService, places: Path) -> None:
    served.taking.begin()
    turn_until(served, lambda: served.taking._process is None, "the lists were read")
    write_durable(places / "fetched/spamhaus-drop", "198.51.100.0/24\n", 0o640)
    turn_until(served, lambda: served.matcher.known.entries == 1, "the list is in force")
    (places / "fetched/spamhaus-drop").unlink()
    turn_until(served, lambda: served.matcher.known.entries == 0, "the list is gone")


@pytest.mark.slow
def test_an_interface_that_is_missing_is_told(served: IntelService, places: Path) -> None:
    served.interface = "none0"
    (places / "card/a.txt").write_text("bad.example\n")
    served.taking.begin()
    turn_until(served, lambda: served.trouble, "the trouble is told")
    assert served.report().trouble == "none0: No such device"
    served.interface, served._retry = "lo", 0.0
    turn_until(served, lambda: served.sniffer, "it looks at frames")
    assert served.report().trouble == ""


@pytest.mark.slow
def test_lists_that_are_gone_end_the_looking(served: IntelService, places: Path) -> None:
    (places / "card/a.txt").write_text("bad.example\n")
    served.taking.begin()
    turn_until(served, lambda: served.sniffer, "it looks at frames")
    (places / "card/a.txt").unlink()
    served.taking.begin()
    turn_until(served, lambda: served.sniffer is None, "it looks at nothing")


def test_taking_that_fails_is_told(places: Path, caplog: pytest.LogCaptureFixture) -> None:
    taking = ListTaking(places / "card", places / "none/kept", places / "fetched")
    (places / "card/a.txt").write_text("bad.example\n")
    (places / "run").rmdir()
    taking._process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    taking._process.wait()
    assert taking.done() and "status 3" in caplog.text and not taking.done()


def test_what_is_asked_for_meanwhile_is_done_once_more(places: Path) -> None:
    taking = ListTaking(places / "card", places / "kept", places / "fetched")
    taking._process = subprocess.Popen([sys.executable, "-c", "pass"])
    taking.begin()
    taking._process.wait()
    assert taking.done() and taking._process is not None
    taking.close()


def test_the_owner_allows_an_entry_and_undoes_it(served: IntelService, places: Path) -> None:
    served.allowed = ("fine.example",)
    found = served.matcher.meetings
    inbox(places / "wishes").post(IntelWish(IntelWishKind.ALLOW, "bad.example"))
    turn_until(served, lambda: found.allowed.name("www.bad.example"), "it is allowed")
    assert found.allowed.name("fine.example")
    inbox(places / "wishes").post(IntelWish(IntelWishKind.ALLOW, "../x"))
    inbox(places / "wishes").post(IntelWish(IntelWishKind.UNDO, "bad.example"))
    turn_until(served, lambda: not inbox(places / "wishes")._names(), "both are read")
    inbox(places / "wishes").post(IntelWish(IntelWishKind.UNDO, "bad.example"))
    turn_until(served, lambda: not found.allowed.name("bad.example"), "it is allowed no more")
    assert found.allowed.name("fine.example")


def test_who_never_raises_an_alert() -> None:
    settings = build(
        {"capture": {"routers": ["192.0.2.1"]}, "intel": {"resolvers": ["192.0.2.53"]}}
    )
    own = service.own_addresses(settings)
    assert {ip_address("192.0.2.1"), ip_address("192.0.2.53"), ip_address("127.0.0.1")} <= own


@pytest.mark.slow
def test_the_command_runs_and_ends(places: Path) -> None:
    need_root()
    argv = [sys.executable, "-m", "appliance.cli", "intel", "--interface", "lo"]
    for name in ("card", "spool", "wishes", "fetched"):
        argv += [f"--{name}", str(places / name)]
    argv += ["--folder", str(places / "kept")]
    environment = {
        "GLOVEBOX_RUNTIME_DIRECTORY": str(places / "run"),
        "GLOVEBOX_CONFIG": "/dev/null",
    }
    with subprocess.Popen(argv, env=environment) as process:
        deadline = time.monotonic() + DEADLINE_S
        while IntelReport.read(places / "run") is None:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
