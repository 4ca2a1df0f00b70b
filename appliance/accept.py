# SPDX-License-Identifier: MIT
"""`glovebox accept`: keep on DATA from whom alone frames are taken, as the owner chose on the page.

The list in glovebox.toml rules: while it names routers, the page's choice is not taken, and
`glovebox settings` removes one of before. The firewall and the receiver start anew with it.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from appliance import files, requests, service
from appliance.requests import Inbox, WantedRouters
from appliance.service import Running
from appliance.settings import config, tomltext
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.fit import Address

MOST_ROUTERS = 16
AFFECTED = ("glovebox-firewall.service", "glovebox-receiver.service", "glovebox-logs.service")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ListedRouters:
    """Whom the settings list, and whom the owner accepted on the page; one of both is empty."""

    settings: tuple[Address, ...] = ()
    page: tuple[Address, ...] = ()


def listed(
    layers: Sequence[Path] = config.FILES, accepted: Path = config.ACCEPTED
) -> ListedRouters:
    """Read from whom alone frames are taken; both empty: from anybody."""
    settings, _ = config.load([layer for layer in layers if layer != accepted])
    if settings.capture.routers:
        return ListedRouters(settings=settings.capture.routers)
    page, _ = config.load([accepted] if accepted in layers else [])
    return ListedRouters(page=page.capture.routers)


def checked(texts: Sequence[str]) -> tuple[Address, ...]:
    """Return the addresses of routers. Raises ValueError where one is none, or for too many."""
    if len(texts) > MOST_ROUTERS:
        raise ValueError(f"{len(texts)} routers: at most {MOST_ROUTERS}")
    return CaptureConfig(routers=tuple(ip_address(text) for text in texts)).routers


def carry_out(
    wanted: WantedRouters,
    layers: Sequence[Path] = config.FILES,
    accepted: Path = config.ACCEPTED,
    doors: Path = requests.RESTARTS,
) -> None:
    """Keep the owner's choice and have it in force. Raises ValueError, OSError."""
    if listed(layers, accepted).settings:
        raise ValueError("the settings on the card list routers, and rule")
    addresses = checked(wanted.addresses)
    if addresses:
        table = {"capture": {"routers": [str(address) for address in addresses]}}
        files.write_durable(accepted, tomltext.dumps(table), 0o644)
    else:
        files.remove(accepted)
    log.warning("frames are taken from %s", ", ".join(map(str, addresses)) or "anybody")
    for unit in AFFECTED:
        # A request that nobody took yet is as good as ours.
        with contextlib.suppress(FileExistsError):
            requests.restart(unit, doors)


def main(argv: Sequence[str]) -> int:
    """Carry out what the page asks for; exit status 1 where that cannot be."""
    parser = argparse.ArgumentParser(
        prog="glovebox accept",
        description="Take frames from those alone whom the owner accepts on the page (service).",
    )
    return service.run("accept", parser, argv, _act, settings=False, once=True)


def _act(running: Running) -> int:
    wanted = Inbox(requests.ACCEPTING, WantedRouters).take()
    if not wanted:
        return 0
    try:
        carry_out(wanted[-1])
    except (OSError, ValueError) as error:
        log.error("the page's choice of routers is not taken: %s", error)
        return 1
    return 0
