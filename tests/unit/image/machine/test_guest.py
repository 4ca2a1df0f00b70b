# SPDX-License-Identifier: MIT
"""Ports of the host that lead into a machine; machines themselves are started in tests/image."""

from __future__ import annotations

import socket

import pytest

from appliance.errors import AddressInUseError
from image.machine.guest import Forward


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_forward_takes_a_free_port(protocol: str) -> None:
    forward = Forward(protocol, 80).resolved()
    assert forward.host_port > 0
    assert forward.rule == f"hostfwd={protocol}:127.0.0.1:{forward.host_port}-:80"


def test_forward_refuses_a_port_that_is_taken() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        with pytest.raises(AddressInUseError, match=f"UDP port {port}"):
            Forward("udp", 37008, port).resolved()
