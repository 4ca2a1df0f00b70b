# SPDX-License-Identifier: MIT
from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from appliance.formats.ip import IPV4_MAPPED
from appliance.reports.outcomes import Tally
from appliance.udp.sources import MOST_SOURCES, OTHERS, Sources, address_of, key_of

ROUTER = ip_address("192.0.2.1")


@pytest.mark.parametrize("text", ["192.0.2.1", "2001:db8::1", "fe80::1", "0.0.0.0", "::"])
def test_key_of_and_address_of_are_inverse(text: str) -> None:
    assert str(address_of(key_of(ip_address(text)))) == text


def test_address_of_mapped_address_is_the_ipv4_address() -> None:
    assert address_of(IPv6Address("::ffff:192.0.2.1").packed) == ROUTER


def test_find_returns_the_same_source_again() -> None:
    sources = Sources()
    assert sources.find(key_of(ROUTER)) is sources.find(key_of(ROUTER))
    assert [source.address for source in sources] == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("routers", "listed"),
    [((), True), ((ROUTER,), True), ((ip_address("192.0.2.9"),), False)],
    ids=["any", "listed", "unlisted"],
)
def test_find_knows_who_may_send(routers: tuple[IPv4Address, ...], listed: bool) -> None:
    assert Sources(routers).find(key_of(ROUTER)).listed is listed


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_the_self_test_may_always_send(text: str) -> None:
    assert Sources((ROUTER,)).find(key_of(ip_address(text))).listed
    assert not Sources((ROUTER,)).find(key_of(ip_address("127.0.0.9"))).listed


def test_find_merges_the_silent_ones_and_loses_no_count() -> None:
    sources = Sources()
    router = sources.find(key_of(ROUTER))
    for number in range(10 * MOST_SOURCES):
        forged = sources.find(key_of(IPv4Address(number)))
        forged.tally.count_sent(1, 10, 5)
        forged.last_seen = router.last_seen = float(number)
        router.tally.count_sent(1, 10, 5)
        assert len(list(sources)) <= MOST_SOURCES + 1
    assert sources.total().as_json()["frames_sent"] == 20 * MOST_SOURCES
    counts = {source.address: source.tally.outcomes[0] for source in sources}
    assert counts["192.0.2.1"] == 10 * MOST_SOURCES, "who is not silent stays"
    assert counts[OTHERS] > 8 * MOST_SOURCES


@pytest.mark.parametrize("routers", [(), (IPv4Address("192.0.2.1"),)])
def test_forged_addresses_drive_out_no_router(routers: tuple[IPv4Address, ...]) -> None:
    """It is silent for a moment, in which thousands of others each send a frame or two."""
    sources = Sources(routers)
    router = sources.find(key_of(IPv4Address("192.0.2.1")))
    router.last_seen = 1.0
    router.tally.count_sent(1000, 0, 0)
    for number in range(20 * MOST_SOURCES):
        forged = sources.find(IPV4_MAPPED + number.to_bytes(4))
        forged.last_seen = 2.0
        forged.tally.count_sent(forged.listed * 2, 0, 0)
    assert sources.find(key_of(IPv4Address("192.0.2.1"))) is router
    assert sources.total().sent == 1000 + (0 if routers else 40 * MOST_SOURCES)


def test_source_that_was_merged_goes_on_counting_for_the_others() -> None:
    sources = Sources()
    first = sources.find(key_of(ROUTER))
    for number in range(MOST_SOURCES):
        sources.find(key_of(IPv4Address(number))).last_seen = 1.0 + number
    first.tally.count_sent(1, 10, 5)
    assert {source.address for source in sources if source.tally.outcomes[0]} == {OTHERS}
    assert sources.total().outcomes[0] == 1


def test_restore_goes_on_from_earlier_counts() -> None:
    sources = Sources()
    earlier = Tally()
    earlier.count_sent(5, 50, 25)
    sources.restore([("192.0.2.1", earlier, 7.0), (OTHERS, earlier, 3.0)])
    sources.find(key_of(ROUTER)).tally.count_sent(1, 10, 5)
    assert {source.address: source.tally.outcomes[0] for source in sources} == {
        "192.0.2.1": 6,
        OTHERS: 5,
    }
    assert earlier.outcomes[0] == 5


def test_restore_of_what_is_no_address_restores_nothing() -> None:
    sources, earlier = Sources(), Tally()
    earlier.count_sent(5, 50, 25)
    with pytest.raises(ValueError, match="nobody"):
        sources.restore([("192.0.2.1", earlier, 7.0), ("nobody", earlier, 7.0)])
    assert sources.total() == Tally()


@pytest.mark.parametrize("given", ["::ffff:192.0.2.1", "192.0.2.1"])
def test_a_router_may_be_given_as_a_mapped_address(given: str) -> None:
    sources = Sources([ip_address(given)])
    assert sources.find(key_of(ip_address("192.0.2.1"))).listed
    assert not sources.find(key_of(ip_address("192.0.2.2"))).listed
