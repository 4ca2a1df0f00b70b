# SPDX-License-Identifier: MIT
"""By which names a request may call this machine, and from which site a form may come."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.access import hosts
from appliance.access.hosts import OwnHosts
from appliance.host import network


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Shed")


@pytest.mark.parametrize(
    ("field", "name"),
    [("Glovebox.local", "glovebox.local"), ("glovebox.lan.:80", "glovebox.lan"),
     ("192.0.2.1:8080", "192.0.2.1"), ("[fe80::1]", "fe80::1"), ("[::1]:443", "::1"),
     ("", None), ("a b", None), ("a%0d%0aX", None), ("a, b", None), ("[::1", None),
     ("x:99999", None), ("x:", None), ("user@x", None), ("x/y", None), ("x\n", None),
     ("a" * 300, None)],
)  # fmt: skip
def test_split_takes_a_name_or_an_address(field: str, name: str | None) -> None:
    assert hosts.split(field) == name


@given(st.text(max_size=40))
def test_split_takes_anything(field: str) -> None:
    name = hosts.split(field)
    assert name is None or name.isascii()


@pytest.mark.parametrize(
    "name",
    ["localhost", "shed", "shed.local", "shed.lan", "glovebox.local", "glovebox.home.arpa",
     # The second of that name in the network.
     "shed4.local", "127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"],
)  # fmt: skip
def test_own_names_are_known(name: str) -> None:
    assert name in OwnHosts()


def test_own_addresses_are_known() -> None:
    known = OwnHosts()
    for address in network.own_addresses():
        assert str(address) in known


@pytest.mark.parametrize(
    "name",
    ["evil.example", "shed.example", "glovebox.fritz.box", "shed.local.evil.example", "local",
     "198.51.100.77", "2001:db8:ffff::77", "0.0.0.0", "::", "127.0.0.1.nip.io", "localhost.evil",
     "0x7f000001", "2130706433", "127.1", "xshed.local", "4.local",
     "shed4.lan", "shed4.local.lan", "shed4x.local", ""],
)  # fmt: skip
def test_others_are_not(name: str) -> None:
    assert name not in OwnHosts()


def test_the_owner_may_add_names() -> None:
    known = OwnHosts(["Shed.Example", "[2001:db8::1]", "198.51.100.77"])
    assert {"shed.example", "2001:db8::1", "198.51.100.77"} == {
        name
        for name in ("shed.example", "2001:db8::1", "198.51.100.77", "other.example")
        if name in known
    }


@pytest.mark.parametrize(
    ("origin", "fetch_site", "is_ours"),
    [(None, None, True), ("http://shed.local", None, True), ("http://SHED.local", None, True),
     ("http://shed.local", "same-origin", True), (None, "none", True),
     ("null", None, False), ("https://shed.local", None, False), ("", None, False),
     ("http://shed.local:81", None, False), ("http://evil.example", None, False),
     ("http://shed.local", "cross-site", False), (None, "cross-site", False),
     (None, "same-site", False), ("http://shed.local.evil.example", None, False)],
)  # fmt: skip
def test_a_form_comes_from_this_site(
    origin: str | None, fetch_site: str | None, is_ours: bool
) -> None:
    assert hosts.is_same_site(origin, fetch_site, "http", "shed.local") is is_ours
