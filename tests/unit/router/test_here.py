# SPDX-License-Identifier: MIT
"""Our address on the way to a router."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from appliance.router import here


@pytest.mark.parametrize("router", ["127.0.0.1", "::1"])
def test_towards_is_an_address_that_the_router_can_answer(router: str) -> None:
    assert here.towards(ip_address(router)) == ip_address(router)
