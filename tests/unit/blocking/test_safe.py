# SPDX-License-Identifier: MIT
"""What is never blocked: built in, of the routers, and whatever a router says."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.blocking.safe import SafeNetwork, SafeSet, named, of_router
from appliance.router.picture import Picture

ROUTER = Picture({
    "/ip/address": ({"address": "81.2.69.142/24"}, {"address": "192.168.88.1/24"},
                    {"address": "1.2.3.4/0"}, {"address": "junk"}),
    "/ipv6/address": ({"address": "2a02:8071:1:2::1/64"},),
    "/ip/route": ({"gateway": "81.2.69.1"}, {"gateway": "pppoe-out1"},
                  {"gateway": "5.6.7.8%ether1"}),
    "/ip/dns": ({"servers": "9.9.9.9,2620:fe::fe", "dynamic-servers": "8.8.4.4"},),
    "/system/ntp/client": ({"servers": "162.159.200.1"},),
})  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["10.1.2.3/32", "192.168.0.0/16", "172.31.0.1/32", "100.64.0.1/32", "127.0.0.1/32",
     "169.254.1.1/32", "224.0.0.251/32", "255.255.255.255/32", "0.0.0.0/32", "203.0.113.7/32",
     "fe80::/64", "fd00:1::/64", "ff02::/64", "::/64", "2001:db8:1::/64", "2002:102:304::/64",
     "64:ff9b::/96", "192.88.99.1/32"],
)  # fmt: skip
def test_what_no_stranger_has_is_safe(text: str) -> None:
    assert SafeSet(()).reason(ip_network(text))


@pytest.mark.parametrize("text", ["8.8.8.8/32", "45.66.77.88/32", "2a02:8071::/64", "2600::/64"])
def test_the_rest_of_the_world_is_not(text: str) -> None:
    assert SafeSet(()).reason(ip_network(text)) == ""


def test_a_network_that_holds_a_safe_address_is_safe() -> None:
    found = SafeSet(named([ip_network("45.66.77.88/32")], "the bank"))
    assert found.reason(ip_network("45.66.77.0/24")) == "the bank"
    assert found.reason(ip_network("45.66.78.0/24")) == ""


def test_a_router_says_what_it_needs() -> None:
    found = SafeSet(of_router("home", ROUTER))
    for text, words in {
        "81.2.69.7/32": "a network", "81.2.69.1/32": "", "9.9.9.9/32": "name server",
        "2620:fe::/64": "name server", "8.8.4.4/32": "name server", "5.6.7.8/32": "gateway",
        "162.159.200.1/32": "time server", "2a02:8071:1:2::/64": "a network",
        "1.2.3.4/32": "a network",
    }.items():  # fmt: skip
        reason = found.reason(ip_network(text))
        assert reason and words in reason, (text, reason)
    assert found.is_inside(ip_address("81.2.69.7")) and not found.is_inside(ip_address("9.9.9.9"))


def test_an_address_as_wide_as_the_world_makes_only_itself_safe() -> None:
    assert SafeSet(of_router("home", ROUTER)).reason(ip_network("45.66.77.88/32")) == ""


@given(st.dictionaries(st.sampled_from(["address", "gateway", "servers"]), st.text(max_size=80)))
def test_whatever_a_router_says_is_read(row: dict[str, str]) -> None:
    menus = ("/ip/address", "/ipv6/address", "/ip/route", "/ip/dns", "/system/ntp/client")
    for each in of_router("home", Picture({menu: (row,) for menu in menus})):
        assert isinstance(each, SafeNetwork)


@given(st.ip_addresses())
def test_inside_is_never_outside(address: IPv4Address | IPv6Address) -> None:
    """Whoever is inside can never be blocked, whichever list he stands in."""
    found = SafeSet(of_router("home", ROUTER))
    if found.is_inside(address):
        assert found.reason(ip_network(address))
