# SPDX-License-Identifier: MIT
"""What is seen of the engine around a switch of rules, and how it is asked to take them."""

from __future__ import annotations

import contextlib
import pwd
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from appliance import files, requests
from appliance.errors import DecodeError
from appliance.ids import eve, sniffers
from appliance.ids.engine import ANEW, SPOOL, USER
from appliance.ids.eve_spool import STATISTICS
from appliance.ids.handover import read_at
from appliance.renewal.after_switch import EngineSeen
from appliance.reports.selftest import SelfTestReport
from appliance.reports.statusfile import RUNTIME_DIRECTORY
from appliance.ruleset.set_places import NONE, TRIAL

# The door to a live reload.
RELOAD = "glovebox-ids-reload"
TAIL = 1 << 16


@dataclass
class EngineView:
    """The engine of this machine. `live` tells that it can take rules without a restart."""

    interface: str
    tells_rules: bool
    live: bool
    spool: Path = SPOOL
    runtime: Path = RUNTIME_DIRECTORY
    doors: Path = requests.RESTARTS
    trial: Path = TRIAL
    user: str = USER
    asked: float = field(default=float("inf"))

    def put_on_trial(self, name: str) -> None:
        """Let the engine have a generation, for as long as the machine runs. Raises OSError."""
        self.asked = float("inf")
        files.write_whole(self.trial, f"{name or NONE}\n", 0o644)
        self._ask(self.live)

    def end_trial(self, anew: bool) -> None:
        """Let what the link leads to hold again; `anew`: the engine starts with it."""
        self.trial.unlink(missing_ok=True)
        if anew:
            self._ask(False)

    def _ask(self, live: bool) -> None:
        # A request that nobody took yet is as good as ours.
        with contextlib.suppress(FileExistsError):
            requests.restart(RELOAD if live else ANEW, self.doors)

    def ask_selftest(self) -> None:
        """Ask for a self-test; those that end later count. Raises OSError."""
        self.asked = time.time()
        requests.selftest(self.runtime)

    def look(self) -> EngineSeen:
        """Return what is seen now."""
        loaded, reloaded = self._loaded() if self.tells_rules else (None, "")
        report = SelfTestReport.read(self.runtime)
        counts = report is not None and report.time > self.asked
        return EngineSeen(
            time.monotonic(), self._socket(), loaded, reloaded,
            report.passed if report is not None and counts else None,
            report.verdict if report is not None and counts else "",
        )  # fmt: skip

    def _socket(self) -> int | None:
        with contextlib.suppress(OSError, KeyError, ValueError):
            uid = int(self.user) if self.user.isdigit() else pwd.getpwnam(self.user).pw_uid
            index = socket.if_nametoindex(self.interface)
            return socket_of(sniffers.SOCKETS.read_text(), index, uid)
        return None

    def _loaded(self) -> tuple[int | None, str]:
        with contextlib.suppress(OSError, ValueError):
            file = self.spool / STATISTICS
            return loaded(read_at(file, max(0, file.stat().st_size - TAIL), TAIL))
        return None, ""


def socket_of(table: str, index: int | None, uid: int) -> int | None:
    """Return the inode of the socket by which a user takes every frame of an interface.

    `table` is /proc/net/packet (net/packet/af_packet.c, packet_seq_show).
    """
    for line in table.splitlines()[1:]:
        _, _, _, protocol, where, running, _, user, inode, *_ = line.split()
        is_ours = (int(where), int(user)) == (index, uid)
        if is_ours and int(protocol, 16) == sniffers.ETH_P_ALL and running == "1":
            return int(inode)
    return None


def loaded(tail: bytes) -> tuple[int | None, str]:
    """Return how many rules Suricata has loaded, and when, from the end of its statistics."""
    for line in reversed(tail.split(b"\n")[:-1]):
        try:
            found = eve.record(line.lstrip(b"\0"))
            engine = found["stats"]["detect"]["engines"][0]
            return int(engine["rules_loaded"]), str(engine["last_reload"])[:64]
        except (DecodeError, KeyError, TypeError, ValueError, IndexError, AttributeError):
            continue
    return None, ""
