# SPDX-License-Identifier: MIT
"""[flows]: each wrong value is refused with what was expected."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from appliance.settings.sections.flows import FlowsConfig
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[flows]\nexporters = ["router"]\n', ["exporters", "router"]),
        ('[flows]\nexporters = ["224.0.0.1"]\n', ["exporters", "address of a router"]),
        *(
            (f'[flows]\nrepeat_to = ["{text}"]\n', ["repeat_to", "address and port"])
            for text in (
                "collector:2055",
                "192.0.2.1",
                "192.0.2.1:0",
                "192.0.2.1:65536",
                "2001:db8::1:2055",
                "[192.0.2.1:2055",
                "127.0.0.1:2055",
                "[::1]:2055",
                "224.0.0.1:2055",
                "0.0.0.0:2055",
                "255.255.255.255:2055",
                "[fe80::1]:2055",
                "[fe80::1%eth0]:2055",
                "192.0.2.01:2055",
                "192.0.2.1:2055 ",
                "[::ffff:127.0.0.1]:2055",
            )
        ),
        (
            '[flows]\nrepeat_to = ["192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", '
            '"192.0.2.1:4", "192.0.2.1:5"]\n',
            ["repeat_to", "at most 4 collectors"],
        ),
        ("[flows]\nline_speed_mbit = -1\n", ["line_speed_mbit = -1", "0 to 1,000,000"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert all(word in said for word in words), said


def test_one_router_is_one_address() -> None:
    found = FlowsConfig(exporters=(ip_address("::ffff:192.0.2.1"), ip_address("192.0.2.1")))
    assert found.exporters == (ip_address("192.0.2.1"),)


def test_targets_are_read_and_each_is_one() -> None:
    texts = ("192.0.2.9:2055", "[2001:db8::9]:4739", "[::ffff:192.0.2.9]:2055")
    assert list(map(str, FlowsConfig(repeat_to=texts).repeat_targets)) == [
        "192.0.2.9:2055", "[2001:db8::9]:4739",
    ]  # fmt: skip
