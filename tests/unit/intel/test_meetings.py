# SPDX-License-Identifier: MIT
"""One alert a device, indicator and hour; who raises none; and every hit is counted."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.bad_lists import ListOrigin
from appliance.intel import meetings
from appliance.intel.allowed import Allowed
from appliance.intel.kept_lists import ListVerdict
from appliance.intel.meetings import (
    GID,
    LISTED,
    MOST_A_MINUTE,
    ONLY_CALLED,
    SURE,
    Meetings,
    message_of,
)
from appliance.intel.sightings import ASKED, FROM, TO, Sighting

NOW = 1_795_777_200.0
ONE = [ListVerdict("a.txt", "bad.example")]


def asked(device: int = 5, name: bytes = b"www.bad.example") -> Sighting:
    return Sighting(ASKED, 17, bytes((10, 0, 0, device)), 5353, bytes((10, 0, 0, 1)), 53, name)


def called(how: str) -> Sighting:
    bad = bytes((198, 51, 100, 7))
    return Sighting(how, 6, bytes((10, 0, 0, 5)), 5000, bad, 443, address=bad)


def total(found: Meetings) -> int:
    counts = found.counts
    return counts.alerts + counts.alike + counts.allowed + counts.held_back


def test_the_first_of_an_hour_is_an_alert() -> None:
    found = Meetings(Allowed(), ())
    alert = found.take(asked(), ONE, NOW)
    assert alert and (alert.gid, alert.priority, alert.protocol) == (GID, LISTED, "UDP")
    assert (alert.source, alert.destination, alert.destination_port) == ("10.0.0.5", "10.0.0.1", 53)
    assert alert.message == "Known bad: asked for bad.example (says a.txt)"
    assert found.take(asked(), ONE, NOW + 3599) is None
    assert found.take(asked(), ONE, NOW + 3600) is not None
    assert found.take(asked(6), ONE, NOW) is not None
    assert (found.counts.hits, found.counts.alerts, found.counts.alike) == (4, 3, 1)


def test_a_clock_that_is_set_back_keeps_no_hour_for_ever() -> None:
    found = Meetings(Allowed(), ())
    found.take(asked(), ONE, NOW)
    assert found.take(asked(), ONE, NOW - 7200) is not None


def test_two_lists_that_agree_are_grave_and_who_is_only_called_is_not() -> None:
    found = Meetings(Allowed(), ())
    both = [*ONE, ListVerdict("b.txt", "www.bad.example")]
    sure = found.take(asked(), both, NOW)
    to = found.take(called(TO), [ListVerdict("a.txt", "198.51.100.0/24")], NOW)
    # Of the same network, an hour later: it called.
    caller = found.take(called(FROM), [ListVerdict("a.txt", "198.51.100.0/24")], NOW + 3600)
    assert sure and to and caller
    assert (sure.priority, to.priority, caller.priority) == (SURE, LISTED, ONLY_CALLED)
    assert (to.source, to.destination) == ("10.0.0.5", "198.51.100.7")
    assert (caller.source, caller.destination) == ("198.51.100.7", "10.0.0.5")
    assert sure.message.endswith("(says a.txt, b.txt)")


def test_allowed_names_and_addresses_raise_nothing() -> None:
    allowed = Allowed(frozenset({"bad.example"}), (ip_network("198.51.100.0/28"),))
    found = Meetings(allowed, {ip_address("10.0.0.9")})
    assert found.take(asked(), ONE, NOW) is None
    assert found.take(called(TO), ONE, NOW) is None
    assert found.take(asked(9, b"other.example"), ONE, NOW) is None
    assert found.counts.allowed == 3
    assert found.take(asked(5, b"notbad.example"), ONE, NOW) is not None


def test_own_calls_raise_nothing_at_the_other_end_either() -> None:
    found = Meetings(Allowed(), {ip_address("198.51.100.7")})
    assert found.take(called(FROM), ONE, NOW) is None and found.counts.allowed == 1


def test_a_minute_has_a_bound_and_what_was_held_back_may_come_later() -> None:
    found = Meetings(Allowed(), ())
    for number in range(MOST_A_MINUTE + 5):
        found.take(asked(), [ListVerdict("a.txt", f"h{number}.example")], NOW)
    assert (found.counts.alerts, found.counts.held_back) == (MOST_A_MINUTE, 5)
    last = [ListVerdict("a.txt", f"h{MOST_A_MINUTE + 4}.example")]
    assert found.take(asked(), last, NOW + 60) is not None


def test_calls_from_outside_leave_room_for_what_the_own_devices_do() -> None:
    """Whoever forges listed senders raises no more than half of a minute's alerts."""
    found = Meetings(Allowed(), ())
    for number in range(3 * MOST_A_MINUTE):
        found.take(called(FROM), [ListVerdict("a.txt", f"198.51.{number}.0/24")], NOW)
    assert found.counts.alerts == MOST_A_MINUTE // 2
    assert found.take(asked(), ONE, NOW) is not None
    assert total(found) == found.counts.hits


def test_what_could_not_be_handed_on_is_counted_so() -> None:
    found = Meetings(Allowed(), ())
    found.take(asked(), ONE, NOW)
    found.not_told()
    assert (found.counts.alerts, found.counts.held_back) == (0, 1)


def test_recent_meetings_are_the_newest_and_count() -> None:
    found = Meetings(Allowed(), ())
    for number in range(30):
        found.take(asked(), [ListVerdict("a.txt", f"h{number}.example")], NOW)
        found.take(asked(), [ListVerdict("a.txt", f"h{number}.example")], NOW + 1)
    recent = found.recent(20)
    assert len(recent) == 20 and recent[0].indicator == "h29.example"
    assert (recent[0].count, recent[0].last) == (2, NOW + 1)


def test_many_lists_are_named_in_part() -> None:
    lists = [ListVerdict(f"{number}.txt", "bad.example") for number in range(5)]
    assert message_of(asked(), lists).endswith("(says 0.txt, 1.txt, 2.txt and 2 more)")


def test_the_pulse_that_says_so_is_named() -> None:
    pulse = ListOrigin("Phishing kit", "research-team", "2026-11-20", "https://otx.example/", -1)
    lists = [ListVerdict("otx", "bad.example", (pulse, pulse)), ListVerdict("b.txt", "bad.example")]
    says = "(says otx: “Phishing kit” by research-team 2026-11-20 and 1 more, b.txt)"
    assert message_of(asked(), lists).endswith(says)
    bare = [ListVerdict("otx", "bad.example", (ListOrigin("Kit"),))]
    assert message_of(asked(), bare).endswith("(says otx: “Kit”)")


@pytest.mark.parametrize(("sure", "priority"), [(-1, 2), (74, 2), (75, 1), (100, 1)])
def test_a_source_that_is_sure_is_grave(sure: int, priority: int) -> None:
    origins = (ListOrigin("Kit", confidence=sure),)
    listed = [ListVerdict("threatfox", "bad.example", origins)]
    alert = Meetings(Allowed(), ()).take(asked(), listed, NOW)
    assert alert is not None and alert.priority == priority


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 9000)), max_size=60))
def test_every_hit_is_counted_once(hits: list[tuple[int, int, int]]) -> None:
    found = Meetings(Allowed(frozenset({"h1.example"})), {ip_address("10.0.0.3")})
    for device, number, later in hits:
        name = f"h{number}.example"
        found.take(asked(device, name.encode()), [ListVerdict("a.txt", name)], NOW + later)
    assert total(found) == found.counts.hits == len(hits)


def test_what_is_kept_has_a_bound() -> None:
    found = Meetings(Allowed(), ())
    for number in range(meetings.MOST_KEPT + 10):
        found.take(asked(), [ListVerdict("a.txt", f"h{number}.example")], NOW + number)
    assert len(found._kept) == meetings.MOST_KEPT


@pytest.mark.parametrize("entry", ["bad.example", "198.51.100.0/24", "2001:db8::7"])
def test_the_entry_of_an_alert_is_known_again(entry: str) -> None:
    listed = [ListVerdict("otx", entry, (ListOrigin("a (says b) c"),))]
    message = message_of(asked(), listed)
    assert meetings.entry_of(message, meetings.sid_of(entry)) == entry
    assert meetings.entry_of(message, 7) == "" and meetings.entry_of("", 0) == ""
