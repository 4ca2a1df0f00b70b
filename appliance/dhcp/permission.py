# SPDX-License-Identifier: MIT
"""What lets dnsmasq run on a port, as files: its configuration, its leases, the port's address.

The configuration is the permission: dnsmasq's unit is started when it appears. It comes last.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Container
from pathlib import Path

from appliance import files
from appliance.dhcp import dnsmasq, leases
from appliance.dhcp.network import Served
from appliance.settings.sections.dhcp import DhcpConfig

RUNTIME = Path("/run/glovebox-dhcp")
STATE = Path("/var/lib/glovebox/dhcp")
# dnsmasq, in the group of the folder, writes the leases too.
MODE = 0o664


class Permission:
    """The files of one port, below a folder that goes with the guard, and one that stays."""

    def __init__(
        self, interface: str, settings: DhcpConfig, served: Served,
        runtime: Path = RUNTIME, state: Path = STATE, hostname: str = dnsmasq.NAME,
    ) -> None:  # fmt: skip
        self._interface, self._settings, self._served = interface, settings, served
        self._hostname = hostname
        self._file = runtime / interface / "dnsmasq.conf"
        self.lease_file = state / f"{interface}.leases"
        self.given = False

    def give(self) -> str:
        """Write the files; return why that cannot be, or nothing."""
        text = dnsmasq.render(
            self._settings, self._interface, self._served, self.lease_file, self._hostname
        )
        draft = self._file.with_suffix(".draft")
        try:
            keep(
                self.lease_file, int(time.time()), self._settings.lease_hours, self._served.size,
                dnsmasq.reserved_names(self._hostname),
            )  # fmt: skip
            self._write_address()
            draft.write_text(text, encoding="ascii")
            if refusal := refused(draft):
                return f"dnsmasq does not take its settings: {refusal}"
            draft.rename(self._file)
        except OSError as error:
            return f"leases and settings of dnsmasq cannot be written: {error}"
        self.given = True
        return ""

    def _write_address(self) -> None:
        """Write the address for the words of dnsmasq's unit; seldom, it is on the card."""
        file, text = self.lease_file.with_suffix(".address"), f"ADDRESS={self._served.own}\n"
        if not file.exists() or file.read_text(encoding="ascii", errors="replace") != text:
            files.write_durable(file, text, MODE)

    def withdraw(self) -> None:
        """Take the permission away; dnsmasq ends when the guard does."""
        self._file.unlink(missing_ok=True)
        self.given = False


def refused(file: Path) -> str:
    """Return what dnsmasq says against a configuration, or nothing."""
    argv = ["dnsmasq", "--test", f"--conf-file={file}"]
    tried = subprocess.run(argv, capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return ""
    return (tried.stderr.strip().splitlines() or [f"exit status {tried.returncode}"])[-1]


def keep(file: Path, now: int, hours: int, most: int, reserved: Container[str] = ()) -> None:
    """Make leases ready for dnsmasq: those that a power cut took are back, each holds a whole term.

    None has a name that is `reserved`.

    Writes `file` and its copy anew. Raises OSError.
    """
    copy = file.with_suffix(".copy")
    found = leases.without_names(leases.merge(_read(file), _read(copy)), reserved)
    text = leases.render(leases.redate(found, now, hours, most))
    for each in (copy, file):
        files.write_durable(each, text.encode("ascii", "replace"), MODE)


def _read(file: Path) -> list[leases.Lease]:
    try:
        return leases.parse(file.read_text(encoding="ascii", errors="replace"))
    except OSError:
        return []
