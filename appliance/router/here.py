# SPDX-License-Identifier: MIT
"""The address of this machine that a router reaches it by."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from appliance.formats.plain_address import plain
from appliance.router.refusals import RouterError
from appliance.settings.sections.fit import Address

# Nothing is sent: connecting a UDP socket only asks the kernel for the way.
_DISCARD = 9


def towards(router: Address) -> Address:
    """Return our address on the way to a router. Raises RouterError where there is no way."""
    family = socket.AF_INET if router.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((str(router), _DISCARD))
            return plain(ip_address(asking.getsockname()[0]))
    except OSError as error:
        raise RouterError(f"{router}: no way leads there ({error.strerror})") from error
