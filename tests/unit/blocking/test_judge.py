# SPDX-License-Identifier: MIT
"""The judge: who is blocked, who is spared, and that nobody safe ever is."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.blocking import judge
from appliance.blocking.judge import Ruling, Upshot, World
from appliance.blocking.safe import SafeSet, named
from appliance.ids.alert import Alert
from appliance.settings.sections.block import BlockConfig
from appliance.settings.sections.fit import Network

BANK, ATTACKER, INSIDE = "45.10.20.30", "45.66.77.88", "192.168.88.20"
NAMES = ip_network("9.9.9.9/32")
ON = BlockConfig(mode="on", safe=(ip_network(f"{BANK}/32"),))
SAFE = SafeSet([
    *named([ip_network("81.2.69.0/24"), ip_network("2a02:8071:1::/48")], "yours", inside=True),
    *named([ip_network(f"{BANK}/32")], "you named it as safe"),
    *named([NAMES, ip_network("2620:fe::fe/128")], "a name server of the router home"),
])  # fmt: skip
NETWORK = ip_network(f"{ATTACKER}/32")
HANDSHAKES = frozenset(((1, 2010935),))
LONG = (pytest.mark.long, pytest.mark.timeout(3600))


def alert(**values: object) -> Alert:
    usual = Alert(
        time_us=0, gid=1, sid=2010935, rev=1, message="attack", classification="attempted-admin",
        priority=1, protocol="TCP", source=ATTACKER, source_port=4444, destination=INSIDE,
        destination_port=22, engine="snort",
    )  # fmt: skip
    return replace(usual, **values)  # type: ignore[arg-type]


def world(**values: object) -> World:
    usual = World(ON, SAFE, 10_000.0, handshakes=HANDSHAKES)
    return replace(usual, **values)  # type: ignore[arg-type]


def decided(found: Alert, **values: object) -> Ruling:
    return judge.judge(found, world(**values))


def test_an_attacker_from_outside_is_blocked_for_the_first_time() -> None:
    found = decided(alert())
    assert (found.outcome, found.network, found.direction) == (Upshot.BLOCK, NETWORK, "in")
    assert found.seconds == 3600


@pytest.mark.parametrize(("earlier", "seconds"), [(0, 3600), (1, 86400), (2, 604800), (9, 604800)])
def test_who_comes_again_is_blocked_for_longer(earlier: int, seconds: int) -> None:
    assert decided(alert(), earlier={NETWORK: earlier}).seconds == seconds


def test_what_a_machine_inside_reaches_out_to_is_blocked_only_by_its_rules() -> None:
    out = alert(source=INSIDE, destination=ATTACKER, destination_port=443)
    assert decided(out).outcome is Upshot.NOTHING
    found = decided(replace(out, classification="Trojan-Activity"))
    assert (found.outcome, found.direction, found.network) == (Upshot.BLOCK, "out", NETWORK)


@pytest.mark.parametrize("port", [53, 853, 5353])
def test_who_is_asked_for_a_name_is_no_attacker(port: int) -> None:
    asks = alert(source=INSIDE, destination="8.8.8.8", destination_port=port, protocol="UDP",
                 classification="trojan-activity")  # fmt: skip
    assert decided(asks).outcome is Upshot.NOTHING


CASES: dict[str, tuple[dict[str, object], dict[str, object], Upshot]] = {
    "spared rule": ({}, {"settings": replace(ON, spare=("1:2010935",))}, Upshot.NOTHING),
    "not grave": ({"priority": 2}, {}, Upshot.NOTHING),
    "both inside": ({"source": "81.2.69.9"}, {}, Upshot.NOTHING),
    "both outside": ({"destination": "8.8.4.4"}, {}, Upshot.NOTHING),
    "off": ({}, {"settings": replace(ON, mode="off")}, Upshot.NOTHING),
    "no address": ({"source": "junk"}, {}, Upshot.NOTHING),
    "named safe": ({"source": BANK}, {}, Upshot.REFUSED),
    "name server": ({"source": "9.9.9.9"}, {}, Upshot.REFUSED),
    "its /64": ({"source": "2620:fe::1", "destination": "2a02:8071:1::5"}, {}, Upshot.REFUSED),
    "never again": ({}, {"never": frozenset((NETWORK,))}, Upshot.REFUSED),
    "lifted": ({}, {"lifted": {NETWORK: 10_001.0}}, Upshot.REFUSED),
    "lifted, and over": ({}, {"lifted": {NETWORK: 9_999.0}}, Upshot.BLOCK),
    "too many an hour": ({}, {"recent": [9_000.0] * 60}, Upshot.HELD),
    "too many a minute": ({}, {"recent": [9_990.0] * 20}, Upshot.HELD),
    "an hour ago": ({}, {"recent": [5_000.0] * 60}, Upshot.BLOCK),
    "too many": (
        {}, {"settings": replace(ON, most=1), "ends": {ip_network("8.8.8.8/32"): 20_000.0}},
        Upshot.HELD,
    ),
    "blocked already": ({}, {"ends": {NETWORK: 10_000.0 + 3000}}, Upshot.NOTHING),
    "goes on": ({}, {"ends": {NETWORK: 10_000.0 + 1000}}, Upshot.BLOCK),
    "dry-run": ({}, {"settings": replace(ON, mode="dry-run")}, Upshot.BLOCK),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_case_has_its_outcome_and_words(name: str) -> None:
    changed, known, outcome = CASES[name]
    found = decided(alert(**changed), **known)
    assert (found.outcome, bool(found.words)) == (outcome, True)


def test_renewal_goes_beyond_the_caps() -> None:
    """What runs already is one of those that count."""
    found = decided(alert(), ends={NETWORK: 10_100.0}, recent=[9_999.0] * 99)
    assert found.outcome is Upshot.BLOCK and found.seconds == 3600


@pytest.mark.parametrize(
    "weak",
    [{"protocol": "UDP"}, {"protocol": "ICMP", "source_port": None}, {"gid": 122}, {"gid": 116},
     {"classification": "attempted-recon"}, {"sid": 7}, {"source_port": None}],
    ids=str,
)  # fmt: skip
def test_one_packet_makes_nobody_block_a_bank(weak: dict[str, object]) -> None:
    found = decided(alert(**weak))
    assert found.outcome is Upshot.NOTHING and found.weak and found.network == NETWORK
    assert decided(alert(**weak), weak={NETWORK: [9_900.0]}).outcome is Upshot.NOTHING
    third = decided(alert(**weak), weak={NETWORK: [9_900.0, 9_950.0]})
    assert (third.outcome, third.seconds) == (Upshot.BLOCK, 300)
    long_ago = decided(alert(**weak), weak={NETWORK: [9_000.0, 9_950.0]})
    assert long_ago.outcome is Upshot.NOTHING


def test_decoys_of_a_scan_are_never_blocked() -> None:
    scan = alert(gid=122, priority=3, message="(portscan) TCP Decoy Portscan")
    assert decided(scan, weak={NETWORK: [9_999.0] * 8}).outcome is Upshot.NOTHING


def test_a_scan_counts_however_grave_unless_it_is_switched_off() -> None:
    scan, often = alert(gid=122, priority=3), {NETWORK: [9_999.0] * 2}
    assert decided(scan, weak=often).outcome is Upshot.BLOCK
    off = replace(ON, scans=False)
    assert decided(scan, weak=often, settings=off).outcome is Upshot.NOTHING


def test_ipv6_is_blocked_as_its_64_and_a_mapped_address_as_ipv4() -> None:
    six = alert(source="2600:1:2:3:4:5:6:7", destination="2a02:8071:1::5")
    assert decided(six).network == ip_network("2600:1:2:3::/64")
    mapped = alert(source=f"::ffff:{ATTACKER}")
    assert decided(mapped).network == NETWORK
    assert decided(alert(source="::ffff:192.168.1.1")).outcome is Upshot.NOTHING


@pytest.mark.slow
@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=LONG)])
def test_no_alert_ever_blocks_a_safe_address(count: int) -> None:
    """Random addresses, half of them in or beside what is safe, with the worst evidence."""
    chance = random.Random(count)
    safe = [each.network for each in SAFE._entries]
    never, blocked = frozenset((ip_network("45.0.0.0/12"),)), 0
    for _ in range(count):
        found = judge.judge(_any_alert(chance, safe), World(
            ON, SAFE, 10_000.0, {}, {}, (), _Always(), never, handshakes=HANDSHAKES
        ))  # fmt: skip
        if found.outcome is Upshot.BLOCK:
            blocked += 1
            assert is_dangerous(found, (*safe, *never)) is False, found
    assert blocked > count / 100


def is_dangerous(found: Ruling, safe: Sequence[Network]) -> bool:
    network = found.network
    return network is None or any(
        network.version == each.version and network.overlaps(each) for each in safe
    )


ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.sampled_from([each.network for each in SAFE._entries]).flatmap(
        lambda network: st.ip_addresses(network=network).map(str)
    ),
    st.ip_addresses(v=4).map(lambda address: f"::ffff:{address}"),
    st.sampled_from(["", "junk", "1.2.3", "fe80::1%eth0", "0", "::", "255.255.255.255"]),
)
ALERTS = st.builds(
    alert,
    source=ADDRESSES, destination=ADDRESSES,
    protocol=st.sampled_from(("TCP", "UDP", "ICMP", "", "tcp")),
    gid=st.sampled_from((1, 122, 116)), priority=st.integers(0, 5),
    classification=st.sampled_from(("trojan-activity", "attempted-recon", None, "")),
    source_port=st.sampled_from((None, 0, 53, 65535)),
    destination_port=st.sampled_from((None, 53, 443)),
)  # fmt: skip


@given(ALERTS, st.sampled_from(("on", "dry-run", "off")))
def test_whatever_an_alert_says_nobody_safe_is_blocked(found: Alert, mode: str) -> None:
    settings = replace(ON, mode=mode)  # type: ignore[arg-type]
    ruling = decided(found, weak=_Always(), settings=settings)
    assert ruling.words
    if ruling.outcome is Upshot.BLOCK:
        assert not is_dangerous(ruling, [each.network for each in SAFE._entries])
        assert 0 < ruling.seconds <= 7 * 86400 and mode != "off"


class _Always(dict[Network, Sequence[float]]):
    """So much weak evidence against everybody that it counts."""

    def get(self, key: object, default: object = None) -> Any:
        return (9_999.0,) * 3


def _any_alert(chance: random.Random, safe: Sequence[Network]) -> Alert:
    def address() -> str:
        if chance.random() < 0.5:
            network = chance.choice(safe)
            first, last = int(network[0]), int(network[-1])
            near = chance.randint(first, last) + chance.choice((0, 0, 0, 1, -1))
            top = (1 << network.max_prefixlen) - 1
            found = type(network[0])(min(max(near, 0), top))
            mapped = found.version == 4 and chance.random() < 0.1
            return f"::ffff:{found}" if mapped else str(found)
        bits = chance.choice((32, 128))
        number = chance.getrandbits(bits)
        return str(ip_address(number) if bits == 32 else ip_address(number | 1 << 127))

    return alert(
        source=address(), destination=address(), protocol=chance.choice(("TCP", "UDP", "ICMP")),
        gid=chance.choice((1, 1, 122, 116)), priority=chance.choice((1, 1, 2)),
        classification=chance.choice(("trojan-activity", "attempted-admin", None)),
        destination_port=chance.choice((22, 53, None)),
    )  # fmt: skip
