# SPDX-License-Identifier: MIT
"""Wanted minus real: what is done makes them equal, and others' rows stay."""

from __future__ import annotations

from ipaddress import ip_network

from hypothesis import given
from hypothesis import strategies as st

from appliance.blocking.difference import OURS, Difference, Entry, There, difference, timeout
from appliance.router.picture import span

Rows = list[dict[str, str]]
NETWORKS = [
    *(ip_network(f"45.1.1.{n}/32") for n in range(6)),
    *(ip_network(f"2600:{n}::/64") for n in range(1, 4)),
]


def row(
    id: int, address: str, seconds: int = 3600, comment: str = f"{OURS}1 1:2"
) -> dict[str, str]:
    return {".id": f"*{id:X}", "address": address, "timeout": f"{seconds}s", "comment": comment}


def done(found: Difference, rows: Rows) -> Rows:
    """Do what a difference says, as a router would."""
    kept = [dict(each) for each in rows if each[".id"] not in found.removals]
    for each in kept:
        for id, seconds in found.renewals:
            if each[".id"] == id:
                each["timeout"] = timeout(seconds)
    return kept + [
        row(1000 + n, str(each.network), int(each.seconds), each.comment)
        for n, each in enumerate(found.adds)
    ]


WANTED = st.lists(st.tuples(st.sampled_from(NETWORKS), st.integers(60, 90000)), max_size=8,
                  unique_by=lambda each: each[0])  # fmt: skip
REAL = st.lists(
    st.tuples(st.sampled_from([str(each) for each in NETWORKS] + ["a.name", "45.1.1.1", ""]),
              st.integers(1, 90000), st.sampled_from([f"{OURS}1 1:2", "the owner's", ""])),
    max_size=12,
)  # fmt: skip


@given(WANTED, REAL)
def test_what_is_done_leaves_nothing_to_do_and_others_rows_alone(
    pairs: list[tuple[object, int]], real: list[tuple[str, int, str]]
) -> None:
    wanted = [Entry(network, seconds, f"{OURS}7 1:2") for network, seconds in pairs]  # type: ignore[arg-type]
    rows = [row(n, *each) for n, each in enumerate(real)]
    after = done(difference(wanted, rows), rows)
    again = difference(wanted, after)
    assert (again.adds, again.renewals, again.removals) == ((), (), ())
    assert set(again.there) == {each.network for each in wanted}
    others = [each for each in rows if not each["comment"].startswith(OURS)]
    assert [each for each in after if not each["comment"].startswith(OURS)] == others
    assert again.foreign == len(others)


def test_what_is_read_back_otherwise_than_sent_is_the_same() -> None:
    wanted = [
        Entry(ip_network("45.1.1.1/32"), 3600, "x"),
        Entry(ip_network("2600::/64"), 3600, "x"),
    ]
    found = difference(wanted, [row(1, "45.1.1.1"), row(2, "2600::/64")])
    assert (found.adds, found.renewals, found.removals) == ((), (), ())


def test_a_row_of_anothers_does_for_ours_and_is_not_touched() -> None:
    wanted = [Entry(ip_network("45.1.1.1/32"), 3600, "x")]
    found = difference(wanted, [row(1, "45.1.1.1", 5, "mine")])
    assert (found.adds, found.renewals, found.removals) == ((), (), ())
    assert found.there == {ip_network("45.1.1.1/32"): There("*1", 5, ours=False)}
    assert found.foreign == 1


def test_a_row_that_is_switched_off_does_nothing() -> None:
    wanted = [Entry(ip_network("45.1.1.1/32"), 3600, "x")]
    off = {"disabled": "true"}
    theirs = difference(wanted, [row(1, "45.1.1.1", 5, "mine") | off])
    assert (theirs.adds, theirs.removals) == (tuple(wanted), ())
    ours = difference(wanted, [row(1, "45.1.1.1") | off])
    assert (ours.adds, ours.removals) == (tuple(wanted), ("*1",))


def test_an_owners_row_without_a_time_out_stays() -> None:
    wanted = [Entry(ip_network("45.1.1.1/32"), 3600, "x")]
    theirs = {".id": "*1", "address": "45.1.1.1", "comment": "mine"}
    assert difference(wanted, [theirs]).there[wanted[0].network].seconds is None


def test_a_time_that_differs_much_is_renewed() -> None:
    wanted = [Entry(ip_network("45.1.1.1/32"), 7200, "x")]
    assert difference(wanted, [row(1, "45.1.1.1", 100)]).renewals == (("*1", 7200),)


@given(st.floats(0, 4e6))
def test_a_timeout_is_never_for_ever(seconds: float) -> None:
    assert span(timeout(seconds)) >= 1
