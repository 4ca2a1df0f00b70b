# SPDX-License-Identifier: MIT
"""What a honeypot saw comes back, whatever was typed there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.logs import visits_block
from appliance.logs.lines.event import Login, Tunnel
from appliance.logs.visits_block import VisitsBlock

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LOGINS = st.builds(Login, st.just("192.0.2.1"), TEXT, TEXT, st.booleans(), st.just(""))
TUNNELS = st.builds(Tunnel, st.just("192.0.2.1"), TEXT, st.integers(0, 65535), st.just(""))


@given(st.lists(LOGINS | TUNNELS, min_size=1, max_size=20))
def test_events_come_back(events: list[Login | Tunnel]) -> None:
    block = VisitsBlock()
    for number, event in enumerate(events):
        block.add(number, event)
    assert list(visits_block.decode(block.encode())) == list(enumerate(events))


def test_a_block_is_full_some_day() -> None:
    block = VisitsBlock()
    assert block.is_empty and not block.is_full
    while not block.is_full:
        block.add(1, Login("192.0.2.1", "u" * 256, "p" * 256, False))
    assert len(block.encode()) < visits_block.MOST_BYTES + 1000


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"[]", b"[1]", b'[1,"l","a","b","c"]', b'["1","t","a","b",1]', b"[" * 5000,
     b'{"a":1}'],
)  # fmt: skip
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        list(visits_block.decode(data))
