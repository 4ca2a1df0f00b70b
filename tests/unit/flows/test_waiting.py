# SPDX-License-Identifier: MIT
"""The room for data that came before its template: bounded, and every set accounted for."""

from __future__ import annotations

from appliance.flows.templates import StreamKey
from appliance.flows.waiting import (
    LONGEST_S,
    MOST_EXPORTERS,
    MOST_IN_ALL,
    MOST_OF_EXPORTER,
    WaitingRoom,
    WaitingSet,
)
from appliance.formats import netflow
from tests.unit.flows.exporting import ROUTER, v9

STREAM = StreamKey(ROUTER, 5000, 0, 9)
HEADER = netflow.header(v9())


def a_set(
    number: int = 256, size: int = 10, since: float = 0.0, address: bytes = ROUTER
) -> WaitingSet:
    return WaitingSet(STREAM._replace(address=address), number, HEADER, bytes(size), since, 0)


def holds(room: WaitingRoom) -> bool:
    return room.came == room.decoded + room.expired + len(room)


def test_what_waited_comes_back_in_its_order() -> None:
    room = WaitingRoom()
    for number, since in ((256, 1.0), (257, 2.0), (256, 3.0)):
        room.put(a_set(number, since=since))
    assert room.since == 1.0
    assert [each.since for each in room.take(STREAM, 256)] == [1.0, 3.0]
    assert room.take(STREAM, 256) == [] == room.take(STREAM._replace(port=1), 257)
    assert room.since == 2.0 and len(room) == 1 and holds(room)


def test_nothing_waits_for_ever() -> None:
    room = WaitingRoom()
    room.put(a_set(since=0.0, size=7))
    room.put(a_set(since=100.0))
    room.expire(LONGEST_S + 50)
    assert (len(room), room.expired, room.expired_bytes) == (1, 1, 7) and holds(room)


def test_each_exporter_has_so_much_room() -> None:
    room = WaitingRoom()
    room.put(a_set(address=bytes(16)))
    for _ in range(100):
        room.put(a_set(size=60_000))
    assert len(room) == 1 + MOST_OF_EXPORTER // 60_300 and holds(room)


def test_all_have_so_much_room_together_and_the_greediest_gives_way() -> None:
    room = WaitingRoom()
    room.put(a_set(address=bytes(16)))
    for index in range(400):
        room.put(a_set(size=60_000, address=bytes((index % 8 + 1,)) * 16))
    assert len(room) <= MOST_IN_ALL // 60_000 + 1 and holds(room)
    assert room.take(STREAM._replace(address=bytes(16)), 256)


def test_forged_addresses_take_no_place_from_who_was_there_before() -> None:
    room = WaitingRoom()
    room.put(a_set())
    for number in range(5 * MOST_EXPORTERS):
        room.put(a_set(address=number.to_bytes(16)))
    assert len(room) == MOST_EXPORTERS and holds(room)
    assert len(room.take(STREAM, 256)) == 1


def test_a_template_is_not_looked_for_among_all_that_wait() -> None:
    """Else two datagrams, of sets and of their templates, would cost the square of their size."""
    compared = 0

    class Counted(int):
        """A number of a template that counts how often it is compared."""

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return int.__eq__(self, other) is True

        __hash__ = int.__hash__

    room = WaitingRoom()
    for number in range(256, 1256):
        room.put(a_set(Counted(number)))
    compared = 0
    for number in range(256, 1256):
        assert len(room.take(STREAM, number)) == 1
    assert compared < 10 * 1000 and len(room) == 0 and holds(room)
