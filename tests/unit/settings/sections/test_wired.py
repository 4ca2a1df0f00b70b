# SPDX-License-Identifier: MIT
"""[wired]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from appliance.settings.config import build
from tests.refusal import refusal

OWN = '[wired]\naddresses = ["192.168.88.5/24"]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[wired]\naddresses = ["10.0.0.300/8"]\n', ["addresses", "192.168.88.5/24"]),
        ('[wired]\naddresses = ["192.168.88.5/0"]\n', ["with its network"]),
        ('[wired]\naddresses = ["192.168.88.5/4"]\n', ["with its network"]),
        ('[wired]\naddresses = ["240.0.0.5/24"]\n', ["with its network"]),
        ('[wired]\naddresses = ["192.168.88.255/24"]\n', ["with its network"]),
        ('[wired]\naddresses = ["::ffff:192.168.88.5/120"]\n', ["with its network"]),
        (f'{OWN}gateways = ["192.168.88.5"]\n', ["gateways", "another address within"]),
        (f'{OWN}gateways = ["192.168.88.0"]\n', ["gateways", "another address within"]),
        (f'{OWN}gateways = ["192.168.89.1"]\n', ["gateways", "another address within"]),
        (f'{OWN}dns = ["127.0.0.1"]\n', ["dns", "another machine"]),
        (f'{OWN}dns = ["192.168.88.5"]\n', ["dns", "another machine"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said


def test_addresses_of_the_port_name_no_interface() -> None:
    given = {"addresses": ["2001:db8::5/64"], "gateways": ["fe80::1%eth1"], "dns": ["fe80::1%x"]}
    found = build({"wired": given}).wired
    assert [*map(str, found.gateways + found.dns)] == ["fe80::1", "fe80::1"]


def test_between_two_routers_there_may_be_two_addresses() -> None:
    given = {"addresses": ["192.168.88.5/31"], "gateways": ["192.168.88.4"]}
    assert str(build({"wired": given}).wired.gateways[0]) == "192.168.88.4"
