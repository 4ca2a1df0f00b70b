# SPDX-License-Identifier: MIT
"""One command as a line and as words: whatever a value is, it stays a value."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from appliance.router import orders
from appliance.router.orders import Order, add, change, remove
from tests.routeros import console, schema
from tests.routeros.schema import Schema


def tree() -> Schema:
    return schema.schema("7.22.1")


def test_a_line_is_what_one_types() -> None:
    made = add("/ip/firewall/raw", chain="prerouting", src_address_list="glovebox",
               comment="a b")  # fmt: skip
    assert made.line == (
        '/ip firewall raw add chain=prerouting src-address-list=glovebox comment="a b"'
    )
    assert made.path == "/ip/firewall/raw/add"
    assert remove(made).line == '/ip firewall raw remove [find where comment="a b"]'


def test_a_change_of_rows_finds_them_first() -> None:
    order = change("/ip/service", {"name": "api-ssl"}, certificate="glovebox")
    assert order.line == "/ip service set [find where name=api-ssl] certificate=glovebox"
    assert change("/tool/sniffer", None, only_headers="no").line == (
        "/tool sniffer set only-headers=no"
    )


def test_a_turned_match_keeps_its_sign_outside_of_quotes() -> None:
    assert "dst-address=!192.0.2.1" in add("/ip/firewall/mangle", dst_address="!192.0.2.1").line


@given(value=st.text(max_size=60))
def test_any_value_comes_back_from_the_line(shared_data: Path, value: str) -> None:
    line = add("/ip/firewall/address-list", list=value, address="192.0.2.1").line
    assert "\n" not in line
    parsed = console.parse(line, tree())
    if not value.startswith("!"):
        assert parsed.values == {"list": value, "address": "192.0.2.1"}
    assert (parsed.path, parsed.command, parsed.bare) == ("/ip/firewall/address-list", "add", [])


@given(value=st.text(max_size=60))
def test_any_value_is_found_by_the_line_that_removes_it(shared_data: Path, value: str) -> None:
    order = Order("/user", "remove", (), (("comment", value),))
    parsed = console.parse(order.line, tree())
    if not value.startswith("!"):
        assert parsed.where == [("comment", "=", value)]


def test_text_is_a_line_each() -> None:
    assert orders.text([change("/tool/sniffer", None), Order("/tool/sniffer", "stop")]) == (
        "/tool sniffer set\n/tool sniffer stop\n"
    )
