# SPDX-License-Identifier: MIT
"""The real engine in its own root, started as its unit starts it, on a sensor's interface."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from appliance.alerts.store import AlertReader
from appliance.ids.unified2 import Event, decode
from appliance.reports import statusfile
from appliance.reports.checksums import ChecksumsReport
from appliance.store.database import StoreError
from appliance.tools.captures import open_capture
from tests.conftest import PROJECT
from tests.net.namespaces import DEADLINE_S, INTERFACE, Network, wait_until

GLOVEBOX = str(Path(sys.executable).with_name("glovebox"))
# A user that owns nothing on any machine.
UID = 64990
# Frames a second: far below what the engine can take, so that a loss is a defect.
PACE = 5000

# What RootDirectory=, BindPaths=, MountAPIVFS=, User= and AmbientCapabilities= of the unit do. The
# mounts are private to the process, so the root stays as it is.
_ENTER = """
set -e
root=$1 directory=$2 captures=$3 uid=$4
shift 4
mount -t tmpfs tmpfs "$root/run"
mkdir "$root/run/glovebox-ids"
mount --rbind "$directory" "$root/run/glovebox-ids"
if [ -d "$directory/../rulesets" ]; then
    mkdir "$root/run/glovebox-rulesets"
    mount --bind "$directory/../rulesets" "$root/run/glovebox-rulesets"
fi
mount --bind "$captures" "$root/mnt"
mount --bind /proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
exec chroot "$root" setpriv --reuid "$uid" --regid "$uid" --clear-groups --no-new-privs \
    --inh-caps -all,+net_raw --ambient-caps +net_raw --bounding-set -all,+net_raw "$@"
"""

# A line of `-A fast`; some events have no classification.
_PRINTED = re.compile(
    r"\[\*\*\] \[([\d:]+)\] (.*?) \[\*\*\] (?:\[Classification: (.*?)\] )?\[Priority: (\d+)\]"
)
_SPEWED = re.compile(
    r"event second: (\d+)\tevent microsecond: (\d+)\s+sig id: (\d+)\tgen id: (\d+)\t"
    r"revision: (\d+)\t classification: (\d+)\s+priority: (\d+)\tip source: (\S+)\t"
    r"ip destination: (\S+)\s+src port: \d+\tdest port: \d+\tprotocol: (\d+)"
)


class Engine:
    """Snort with a run directory of its own; `spool` is what it hands over."""

    name = "snort"

    def __init__(self, root: Path, directory: Path, network: Network | None) -> None:
        self.root = root.resolve()
        self.directory = directory
        self.spool = directory / "spool"
        self.spool.mkdir(parents=True)
        for path in (directory, self.spool):
            os.chown(path, UID, UID)
        self._network = network
        self.process: subprocess.Popen[str] | None = None
        self.stderr = ""
        self.inspectors = 1
        self.environment: dict[str, str] = dict(os.environ)
        self.unit_environment: dict[str, str] = {}
        #: What the receiver has found of checksums, as it publishes it.
        self.measured = ChecksumsReport()

    def configure(
        self,
        home_networks: Iterable[str] = (),
        owner_rules: str = "",
        interface: str = INTERFACE,
    ) -> str:
        """Render its configuration as the service does; return what that logged."""
        settings = self.directory.with_name("glovebox.toml")
        networks = ", ".join(f'"{network}"' for network in home_networks)
        settings.write_text(
            f'[capture]\ninterface = "{interface}"\n[ids]\nhome_networks = [{networks}]\n'
            f'engine = "{self.name}"\ninspectors = "{self.inspectors}"\n'
        )
        owner = self.directory.with_name("owner")
        owner.mkdir(exist_ok=True)
        (owner / "test.rules").write_text(owner_rules, errors="surrogateescape")
        self.environment["GLOVEBOX_CONFIG"] = str(settings)
        self.environment["GLOVEBOX_RUNTIME_DIRECTORY"] = str(self.directory.parent)
        self.measured.publish(self.directory.parent)
        done = subprocess.run(
            [GLOVEBOX, "ids-config", "--directory", self.directory, "--root", self.root,
             "--templates", PROJECT / "config", "--owner-rules", owner,
             "--rule-sets", self.directory.with_name("rulesets"),
             "--set-on-trial", self.directory.with_name("on-trial")],
            env=self.environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        # The service that writes them is the engine's user; some are for its eyes only.
        for path in self.directory.rglob("*"):
            os.chown(path, UID, UID)
        return done.stderr

    def start(self) -> int:
        """Start it, wait until it listens, return its process id."""
        assert self._network is not None, "without a network it can only read files"
        inside = ["ip", "netns", "exec", self._network.sensor]
        self.process = subprocess.Popen(
            [*inside, *self._enter(Path("/")), "sh", "/run/glovebox-ids/start"],
            env=self.environment | self.unit_environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._wait_until_it_listens(inside)
        return self.process.pid

    def _wait_until_it_listens(self, inside: Sequence[str]) -> None:
        subprocess.run(
            [*inside, GLOVEBOX, "ids-config", "--wait-listening",
             "--user", str(UID), "--seconds", str(DEADLINE_S)],
            env=self.environment, check=True,
        )  # fmt: skip

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, by default as systemd would."""
        if self.process is not None:
            self.process.send_signal(number)
            self.stderr = self.process.communicate(timeout=DEADLINE_S)[1]
            self.process = None

    def read_file(self, capture: Path, run: int = 0, *options: str) -> list[Event]:
        """Let it read a capture with the configuration it has; return the events."""
        self._read(capture, "-S", f"RUN={run}", *options)
        files = sorted(self.spool.glob(f"alert.u2.{run}.*"))
        found = events(files)
        for file in files:
            file.unlink()
        return found

    def print_file(self, capture: Path) -> list[tuple[str, ...]]:
        """Let it read a capture and print its alerts: (gid:sid:rev, message, classification,
        priority) of each.
        """
        self._read(capture, "-A", "fast")
        text = (self.spool / "alert").read_text()
        (self.spool / "alert").unlink()
        return _PRINTED.findall(text)

    def spew_file(self, capture: Path, run: int) -> tuple[list[Event], list[tuple[Any, ...]]]:
        """Return the events of a capture as we decode them and as Snort's u2spewfoo does."""
        self._read(capture, "-S", f"RUN={run}")
        file = next(self.spool.glob(f"alert.u2.{run}.*"))
        done = subprocess.run(
            [*self._enter(self.spool), "u2spewfoo", f"/mnt/{file.name}"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return events([file]), [_spewed(match) for match in _SPEWED.finditer(done.stdout)]

    def _read(self, capture: Path, *options: str) -> None:
        subprocess.run(
            [*self._enter(capture.parent), "snort", "-q", "-c", "/run/glovebox-ids/snort.conf",
             *options, "-r", f"/mnt/{capture.name}"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def files(self) -> list[Path]:
        """Return the spool files, in the order of their starts."""
        return sorted(self.spool.glob("alert.u2.*"), key=_order)

    def _enter(self, captures: Path) -> list[str]:
        return ["unshare", "-m", "sh", "-c", _ENTER, "sh",
                str(self.root), str(self.directory), str(captures), str(UID)]  # fmt: skip


class Alerts:
    """`glovebox alerts` as a process."""

    def __init__(self, engine: Engine, database: Path, *options: str) -> None:
        self.database = database
        self._runtime = engine.directory.parent
        self._environment = engine.environment
        places = {
            "--spool": engine.spool,
            "--database": database,
            "--directory": engine.directory,
            "--root": engine.root,
        }
        named = [str(word) for place in places.items() for word in place]
        self._argv = [GLOVEBOX, "alerts", *named, *options]
        self.process: subprocess.Popen[str] | None = None
        self.stderr = ""

    def start(self) -> None:
        """Start it; it may be started again after it ended."""
        self.process = subprocess.Popen(
            self._argv,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment | {"GLOVEBOX_RUNTIME_DIRECTORY": str(self._runtime)},
        )

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it; SIGTERM lets it store what is in the spool."""
        if self.process is not None:
            self.process.send_signal(number)
            self.stderr += self.process.communicate(timeout=DEADLINE_S)[1]
            self.process = None

    def report(self) -> dict[str, Any]:
        """Return what it last published."""
        return statusfile.read("alerts", self._runtime) or {}

    def stored(self) -> list[dict[str, Any]]:
        """Return every alert in the database, oldest first."""
        return AlertReader(self.database).after(0, 1 << 30)

    def count(self) -> int:
        """Return how many are stored, 0 while there is no database."""
        with contextlib.suppress(StoreError):
            return AlertReader(self.database).count()
        return 0

    def wait_for(self, count: int) -> None:
        """Wait until so many alerts are stored."""
        wait_until(lambda: self.count() >= count, f"{count} alerts, there are {self.count()}")


def frames(capture: Path) -> list[bytes]:
    """Return the frames of a capture."""
    with open_capture(capture) as opened:
        return [record.frame for record in opened]


def inject(network: Network, sent: Sequence[bytes], pace: int = PACE) -> None:
    """Put frames on the sniffing interface, at most `pace` a second."""
    with network.inside(network.sensor):
        injector = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        injector.bind((INTERFACE, 0))
    started = time.monotonic()
    with injector:
        for number, frame in enumerate(sent):
            ahead = number / pace - (time.monotonic() - started)
            if ahead > 0.01:
                time.sleep(ahead)
            injector.send(frame)


def events(files: Iterable[Path]) -> list[Event]:
    """Decode whole spool files."""
    return [event for file in files for event in decode(file.read_bytes())[0]]


@contextlib.contextmanager
def running(service: Engine | Alerts) -> Iterator[None]:
    """Run it for the length of a block."""
    service.start()
    try:
        yield
    finally:
        service.stop()


def _order(file: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", file.name)))


def _spewed(match: re.Match[str]) -> tuple[Any, ...]:
    second, microsecond, sid, gid, rev, classification, priority = map(int, match.groups()[:7])
    source, destination, protocol = match.groups()[7:]
    return (second * 1_000_000 + microsecond, gid, sid, rev, classification, priority,
            source, destination, int(protocol))  # fmt: skip
