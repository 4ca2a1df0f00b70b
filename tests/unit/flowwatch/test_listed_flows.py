# SPDX-License-Identifier: MIT
"""Talks and knocks, from flows of one direction each."""

from __future__ import annotations

import pytest

from appliance.flowwatch import listed_flows
from appliance.flowwatch.listed_flows import (
    MOST_TALKS,
    MOST_TOLD,
    PATIENCE_S,
    ListedFlows,
    ListedTalk,
    TalkWatch,
    is_called,
)

WEB = ListedTalk("192.168.88.9", 40_000, "203.0.113.5", 443, 6)
SSH = ListedTalk("192.168.88.9", 22, "203.0.113.5", 50_000, 6, called=True)
DNS = ListedTalk("192.168.88.9", 40_000, "203.0.113.5", 53, 17)
PING = ListedTalk("192.168.88.9", 0, "203.0.113.5", 0, 1)
SYN, SYN_ACK, RST_ACK, WHOLE, SYN_RST = 0x02, 0x12, 0x14, 0x1B, 0x06


@pytest.mark.parametrize(
    ("talk", "flows", "talks", "knocks"),
    [
        (WEB, [(True, WHOLE), (False, WHOLE)], 1, 0),
        (WEB, [(False, WHOLE), (True, WHOLE), (True, WHOLE)], 1, 0),
        (WEB, [(True, 0), (False, 0)], 1, 0),  # an exporter that tells no flags
        (WEB, [(True, SYN)], 0, 0),  # nobody answered
        (WEB, [(True, SYN), (False, RST_ACK)], 0, 0),  # refused
        (WEB, [(True, WHOLE | 4), (False, WHOLE)], 1, 0),  # ended by a reset
        (SSH, [(False, SYN)], 0, 1),
        (SSH, [(False, SYN), (True, RST_ACK)], 0, 1),  # a closed port
        (SSH, [(False, SYN_RST), (True, SYN_ACK)], 0, 1),  # a scanner that only looks
        (SSH, [(False, WHOLE), (True, WHOLE)], 1, 0),
        (DNS, [(True, 0), (False, 0)], 1, 0),
        (DNS, [(True, 0)], 0, 0),
        (PING, [(False, 0)], 0, 1),
    ],
)
def test_what_flows_come_to(
    talk: ListedTalk, flows: list[tuple[bool, int]], talks: int, knocks: int
) -> None:
    watch = TalkWatch()
    for out, flags in flows:
        watch.add(talk, out, flags, 10.0)
    first = watch.take(11.0) or ListedFlows()
    assert first.talks == (talk,) * talks and first.knocks == {}
    later = watch.take(10.0 + PATIENCE_S) or ListedFlows()
    assert later.talks == () and later.knocks == ({talk.other: 1} if knocks else {})
    assert watch.take(9999.0) is None


def test_who_called_is_told_by_the_ports() -> None:
    assert is_called(22, 50_000) and not is_called(40_000, 443)
    assert not is_called(0, 0) and not is_called(53, 53)


def test_a_flood_is_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed_flows, "MOST_KNOCKING", 100)
    watch = TalkWatch()
    for number in range(MOST_TALKS + 500):
        other = f"2001:db8::{number:x}"
        watch.add(ListedTalk("192.168.88.9", 22, other, 50_000, 6, called=True), False, SYN, 1.0)
    assert len(watch._pairs) == MOST_TALKS
    told = beyond = 0
    while (found := watch.take(9999.0)) is not None:
        assert len(found.talks) <= MOST_TOLD and len(found.knocks) <= MOST_TOLD
        told += sum(found.knocks.values())
        beyond += found.beyond
    assert told == 100 and told + beyond == MOST_TALKS + 500
