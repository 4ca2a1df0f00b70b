# SPDX-License-Identifier: MIT
"""[router]: a list of routers."""

from __future__ import annotations

import pytest

from appliance.errors import ConfigError
from appliance.settings import config


def test_routers_are_read_with_what_is_usual() -> None:
    found = config.build({"router": {"routers": [{"name": "home", "address": "192.168.88.1"}]}})
    (router,) = found.router.routers
    assert (router.capture, router.inside, router.outside, router.port) == (
        "auto", "LAN", "WAN", 8729,
    )  # fmt: skip
    assert found.router.named("home") is router and found.router.named("other") is None


def test_an_ipv6_router_is_one_too() -> None:
    found = config.build({"router": {"routers": [{"name": "six", "address": "2001:db8::1"}]}})
    assert str(found.router.routers[0].address) == "2001:db8::1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Home"}, {"name": ""}, {"name": "../x"}, {"name": "x" * 21}, {"name": "a b"},
        {"address": "0.0.0.0"}, {"address": "224.0.0.1"}, {"address": "router.lan"},
        {"capture": "mirror"}, {"port": 0}, {"port": 70000}, {"ssh_port": 0},
        {"inside": "LAN]"}, {"outside": ""}, {"password": "secret"}, {"flows": "yes"},
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_fit_is_refused(wrong: dict[str, object]) -> None:
    router = {"name": "home", "address": "192.168.88.1", **wrong}
    with pytest.raises(ConfigError, match="router"):
        config.build({"router": {"routers": [router]}})


def test_a_name_stands_once_and_ten_are_enough() -> None:
    router = {"name": "home", "address": "192.168.88.1"}
    with pytest.raises(ConfigError, match="once"):
        config.build({"router": {"routers": [router, router]}})
    many = [{**router, "name": f"r{number}"} for number in range(11)]
    with pytest.raises(ConfigError, match="at most 10"):
        config.build({"router": {"routers": many}})
