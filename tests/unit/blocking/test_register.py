# SPDX-License-Identifier: MIT
"""Who is blocked now: alerts, wishes, lifting, ends by a clock that nobody sets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from appliance.blocking import safe
from appliance.blocking.book import Book
from appliance.blocking.judge import Upshot
from appliance.blocking.register import Register
from appliance.settings.sections.block import BlockConfig
from tests.unit.blocking.test_judge import ATTACKER, HANDSHAKES, NETWORK, alert


class Times:
    """Two clocks that tests set."""

    def __init__(self) -> None:
        self.wall, self.boot = 1_000_000.0, 100.0

    def go_on(self, seconds: float) -> None:
        self.wall += seconds
        self.boot += seconds


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    opened = Book(tmp_path / "blocks.db")
    yield opened
    opened.close()


def register(book: Book, times: Times, mode: str = "on") -> Register:
    settings = replace(BlockConfig(), mode=mode)  # type: ignore[arg-type]
    made = Register(settings, book, [], lambda: times.wall, lambda: times.boot)
    made.handshakes = HANDSHAKES
    return made


def test_an_alert_becomes_a_row_that_ends(book: Book, times: Times) -> None:
    found = register(book, times)
    assert found.alert(alert()).outcome is Upshot.BLOCK
    (entry,) = found.entries()
    assert (entry.network, entry.seconds) == (NETWORK, 3600.0)
    assert entry.comment == "glovebox 1 1:2010935"
    times.go_on(3601)
    assert found.entries() == [] and found.shown(9) == (0, ())
    assert found.alert(alert()).seconds == 86400


@pytest.mark.parametrize("mode", ["dry-run", "off"])
def test_nothing_is_put_on_routers_unless_it_is_on(book: Book, times: Times, mode: str) -> None:
    found = register(book, times, mode)
    found.alert(alert())
    assert found.entries() == []
    assert found.shown(9)[0] == (mode == "dry-run")


def test_repeats_are_counted_and_end_later(book: Book, times: Times) -> None:
    found = register(book, times)
    for _ in range(5):
        found.alert(alert())
    (shown,) = found.shown(9)[1]
    assert shown.alerts == 5
    times.go_on(3000)
    assert found.alert(alert()).outcome is Upshot.BLOCK
    assert found.shown(9)[0] == 1 and found.entries()[0].seconds > 3000


def test_three_packets_within_ten_minutes_are_needed(book: Book, times: Times) -> None:
    found, packet = register(book, times), alert(protocol="UDP")
    outcomes = [found.alert(packet).outcome for _ in range(3)]
    assert outcomes == [Upshot.NOTHING, Upshot.NOTHING, Upshot.BLOCK]


def test_a_new_process_goes_on_whatever_the_wall_clock_does(book: Book, times: Times) -> None:
    register(book, times).alert(alert())
    times.go_on(600)
    again = register(book, times)
    assert again.entries()[0].seconds == 3000
    times.wall -= 10**6
    assert again.entries()[0].seconds == 3000


def test_lifting_and_never_again(book: Book, times: Times) -> None:
    found = register(book, times)
    found.alert(alert())
    version = found.version
    assert found.lift(NETWORK) and not found.lift(NETWORK)
    assert found.entries() == [] and found.version > version
    times.go_on(3601)
    assert found.alert(alert()).seconds == 3600
    found.lift(NETWORK, never=True)
    times.go_on(3601)
    assert found.alert(alert()).outcome is Upshot.REFUSED
    again = register(book, times)
    assert again.alert(alert()).outcome is Upshot.REFUSED and again.never == (str(NETWORK),)
    again.allow(NETWORK)
    assert again.alert(alert()).outcome is Upshot.BLOCK
    assert register(book, times).never == ()


def test_what_was_lifted_stays_so_until_it_would_have_ended(book: Book, times: Times) -> None:
    found = register(book, times)
    found.alert(alert())
    found.drop(NETWORK, "Lifted by hand on the router home.")
    found.save()
    assert found.alert(alert()).outcome is Upshot.REFUSED
    assert register(book, times).alert(alert()).outcome is Upshot.REFUSED
    assert [each.outcome for each in found.spared] == ["lifted", "refused"]
    assert found.wish(NETWORK, 600, "you").outcome is Upshot.BLOCK
    found.lift(NETWORK)
    times.go_on(3601)
    assert found.alert(alert()).outcome is Upshot.BLOCK


def test_where_the_owner_is_nobody_is_blocked_for_a_day(book: Book, times: Times) -> None:
    found = register(book, times)
    found.alert(alert())
    found.owner(NETWORK)
    assert found.entries() == []
    times.go_on(80_000)
    assert found.alert(alert()).outcome is Upshot.REFUSED
    times.go_on(80_000)
    found.owner(ip_network("45.1.1.1/32"))
    assert found.alert(alert()).outcome is Upshot.BLOCK


def test_a_wall_clock_set_back_makes_no_block_longer(book: Book, times: Times) -> None:
    register(book, times).alert(alert())
    times.wall -= 10**6
    assert register(book, times).entries()[0].seconds == 3600


def test_a_new_process_remembers_how_many_were_blocked(book: Book, times: Times) -> None:
    found = register(book, times)
    for number in range(20):
        found.alert(alert(source=f"45.1.{number}.1"))
    assert register(book, times).alert(alert()).outcome is Upshot.HELD


def test_what_a_router_needs_is_lifted_and_not_blocked_again(book: Book, times: Times) -> None:
    found = register(book, times)
    found.alert(alert())
    found.router("home", safe.named([NETWORK], "a name server of the router home"))
    assert found.entries() == []
    assert found.alert(alert()).outcome is Upshot.REFUSED
    (spared,) = found.spared
    assert spared.network == f"{ATTACKER}/32" and "name server" in spared.words


def test_a_router_thread_drops_and_ours_saves(book: Book, times: Times) -> None:
    found = register(book, times)
    found.alert(alert())
    thread = threading.Thread(target=found.drop, args=(NETWORK,))
    thread.start()
    thread.join(10)
    assert found.entries() == [] and len(book.running(times.wall)) == 1
    found.save()
    assert book.running(times.wall) == []


def test_the_owner_is_refused_too_what_is_safe(book: Book, times: Times) -> None:
    found = register(book, times)
    assert found.wish(ip_network("192.168.1.1/32"), 60, "you").outcome is Upshot.REFUSED
    assert found.wish(NETWORK, 10**9, "you").seconds == 30 * 86400
    assert found.shown(9)[1][0].by == "you"


@pytest.mark.slow
def test_memory_is_bounded_by_forged_addresses(book: Book, times: Times) -> None:
    found = register(book, times)
    for number in range(5000):
        source = f"45.{number >> 8}.{number & 255}.1"
        found.alert(alert(protocol="UDP", source=source))
    assert len(found._weak) <= 4096 and len(found.spared) <= 30 and found.entries() == []


def test_hostile_messages_are_shown_plain(book: Book, times: Times) -> None:
    found = register(book, times)
    found.alert(alert(message="a\x1b[2J\n" + "x" * 999))
    (shown,) = found.shown(9)[1]
    assert shown.message.isprintable() and len(shown.message) <= 121


def test_what_is_over_is_told_with_how_it_ended(book: Book, times: Times) -> None:
    found = register(book, times)
    found.alert(alert())
    found.wish(ip_network("45.1.1.1/32"), 600, "you")
    found.save()
    assert [each.network for each in found.over] == []
    times.go_on(60)
    found.lift(ip_network("45.1.1.1/32"))
    times.go_on(3600)
    assert found.shown(9)[0] == 0
    found.save()
    ran, lifted = found.over
    assert (ran.network, ran.ended - ran.since, ran.lifted) == (str(NETWORK), 3600.0, False)
    assert (lifted.network, lifted.ended - lifted.since, lifted.lifted) == (
        "45.1.1.1/32", 60.0, True
    )  # fmt: skip
    again = register(book, times)
    again.save()
    assert again.over == found.over
