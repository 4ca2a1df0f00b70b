# SPDX-License-Identifier: MIT
"""The lines to routers by name: one of `usb-…` is serial, `ssh home` and `mac 4C:…` by network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.console import program, serial
from appliance.console.line import ConsoleLine, LineError
from appliance.settings.sections.router import RouterEntry

SSH, MAC = "ssh ", "mac "


@dataclass(frozen=True)
class ConsoleLines:
    """What can be opened: `routers` by SSH, serial lines, any MAC address nearby.

    `folder` keeps the host keys that the owner said yes to.
    """

    routers: Sequence[RouterEntry] = ()
    folder: Path = Path()
    ports: Mapping[str, Path] = field(default_factory=serial.ports)

    def names(self) -> tuple[str, ...]:
        """Return the lines that are known: serial ones, and one to each router."""
        return (*self.ports, *(f"{SSH}{router.name}" for router in self.routers))

    def open(self, name: str, speed: int, user: str) -> ConsoleLine:
        """Open a line. Raises LineError, ValueError for a speed that there is not."""
        if name.startswith(MAC):
            return program.mac_telnet(name.removeprefix(MAC))
        if name.startswith(SSH):
            wanted = name.removeprefix(SSH)
            found = next((each for each in self.routers if each.name == wanted), None)
            if found is None:
                raise LineError(f"there is no router {wanted[:20]!r} under [router]")
            return program.ssh(found, user, self.folder)
        path = self.ports.get(name)
        if path is None:
            raise LineError("this line is not there any more")
        return serial.opened(path, speed)
