# SPDX-License-Identifier: MIT
"""How soon the page answers with a million alerts stored: on this machine, and in the guest."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.access.vault import Vault
from appliance.alerts.alike_store import AlikeKeeper
from appliance.alerts.store import AlertStore
from appliance.alerts.timing import Span
from appliance.ids.alert import Alert
from image.build import boards
from image.build.context import BUILD, BuildContext
from image.build.image import build_image
from image.demo import page_of, wait_ready
from image.machine.guest import Forward, Guest
from image.machine.page_client import PageClient
from image.progress import StageProgress
from tests.conftest import PROJECT

COUNT, RULES = 1_000_000, 300
BATCH = 5000
ROUNDS = 15
SECTOR = 512
# These are held to a bound; the others are told for comparison.
VIEWS = (
    *("alerts", "alerts?direction=in&port=443&priority=1", "alerts?address=192.168.88.0/28"),
    *("alerts?text=rule%203&state=any", "alerts?page=20", "alerts?sid=2001", "alerts?address=:443"),
    *("alerts?since=2026-01-01&until=2099-01-01", "alerts?state=done"),
    *("alerts/stream", "alerts/stream?text=flood", "alerts/stream?direction=out"),
    *("alerts/stream?port=25", "alerts/stream?address=192.168.88.0/28", "alerts/stream?sid=2001"),
    *("alerts/stream?address=198.51.100.7:1", "alerts/stream?since=2026-01-01&until=2026-01-02"),
    *("alerts/rule?sid=1:2001", "alerts/quiet", "devices/192.168.88.1", "devices/198.51.100.1"),
    *("api/rows?limit=50", "api/alerts?direction=in&port=443", "api/alerts.csv?text=rule%203"),
    "alerts/row?sid=1:2000",
)
HELD = ("", *VIEWS, "api/alerts")
PATHS = (*HELD, "live", "metrics")
NATIVE_S, EMULATED_S = 0.1, 0.5
# A view of a million alerts may take longer than the overview.
VIEWS_NATIVE_S, VIEWS_EMULATED_S = 0.3, 1.0
PLACE = "/var/lib/glovebox/alerts"
# With the rows, which are kept while alerts come: to make those of a million takes minutes there.
STORES = ("alerts.db", "alike.db")


@dataclass(frozen=True)
class Answers:
    """Median seconds by path, and what they must not exceed where they are held to it."""

    where: str
    most: float
    most_of_view: float
    seconds: dict[str, float]

    def bound(self, path: str) -> float:
        """Return what a path must not exceed, in seconds."""
        return self.most_of_view if path in VIEWS else self.most


def measure(say: Callable[[str], None]) -> list[Answers]:
    """Store a million alerts, once, and ask for every page here and in the guest."""
    with tempfile.TemporaryDirectory(dir=BUILD) as made:
        folder = Path(made)
        say(f"{COUNT:,} alerts are being stored")
        fill(folder / "alerts.db")
        with native(folder) as page:
            say("the page on this machine")
            here = Answers("this machine", NATIVE_S, VIEWS_NATIVE_S, ask(page))
        with emulated(folder, say) as page:
            say("the page in the guest")
            there = Answers("the emulated guest", EMULATED_S, VIEWS_EMULATED_S, ask(page))
    return [here, there]


def fill(path: Path) -> None:
    """Make a store of alerts such as a busy month brings: 300 rules, hosts of a home; and rows."""
    store = AlertStore(path, boot="bench")
    now = time.time_ns() // 1000
    for first in range(0, COUNT, BATCH):
        alerts = [_alert(number, now) for number in range(first, first + BATCH)]
        store.add(alerts, {}, keep=COUNT, confirmed=Span(0, now))
    store.close()
    keeper = AlikeKeeper(path)
    while keeper.advance():
        continue


def _alert(number: int, now: int) -> Alert:
    # Rule, source and target have nothing to do with each other; few rules make most alerts.
    mixed = random.Random(number)
    rule = int(RULES * mixed.random() ** 3)
    return Alert(
        time_us=now - (COUNT - number) * 2_500_000,
        gid=1, sid=2000 + rule, rev=1, message=f"TEST rule {rule} of the benchmark",
        classification="Misc activity", priority=1 + rule % 3, protocol="TCP",
        source=f"198.51.100.{mixed.randrange(250)}", source_port=1024 + number % 60000,
        destination=f"192.168.88.{mixed.randrange(30)}", destination_port=443, engine="snort",
    )  # fmt: skip


def ask(page: PageClient) -> dict[str, float]:
    """Return the median time of an answer, in seconds, for each path."""
    return {path: statistics.median(_seconds(page, path) for _ in range(ROUNDS)) for path in PATHS}


def _seconds(page: PageClient, path: str) -> float:
    begin = time.perf_counter()
    page.read(path, 60)
    return time.perf_counter() - begin


@contextlib.contextmanager
def native(folder: Path) -> Iterator[PageClient]:
    """Serve the page on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    token = Vault(folder / "web").token()
    variables = {
        "GLOVEBOX_RUNTIME_DIRECTORY": str(folder),
        "GLOVEBOX_DATABASE": str(folder / "alerts.db"),
        "GLOVEBOX_CONFIG": "/dev/null",
        "GLOVEBOX_WEB_STATE": str(folder / "web"),
    }
    argv = [str(PROJECT / ".venv/bin/glovebox"), "web", "--listen", f"127.0.0.1:{port}"]
    server = subprocess.Popen(argv, env=os.environ | variables, stderr=subprocess.DEVNULL)
    try:
        page = PageClient(port, token=token)
        _wait(page)
        yield page
    finally:
        server.terminate()
        server.wait(10)


@contextlib.contextmanager
def emulated(folder: Path, say: Callable[[str], None]) -> Iterator[PageClient]:
    """Boot the image with these alerts in it: they come on disks of their own."""
    sizes = {name: _fill_sector(folder / name) for name in STORES}
    image = build_image(BuildContext(boards.choose("vm"), StageProgress()))
    drives = [
        word
        for name in STORES
        for word in ("-drive", f"file={folder / name},if=virtio,format=raw,readonly=on")
    ]
    with Guest(image, BUILD, [Forward("tcp", 80)], drives) as guest:
        say("the guest boots")
        wait_ready(guest)
        guest.run("systemctl stop glovebox-alerts")
        for disk, (name, size) in zip("bc", sizes.items(), strict=True):
            guest.run(f"head -c {size} /dev/vd{disk} >{PLACE}/{name} && sync", 300)
        say("the guest has the alerts")
        guest.run("systemctl start glovebox-alerts", 60)
        page = page_of(guest)
        _wait(page)
        # What has just started goes on starting for a while.
        guest.run("glovebox selftest", 150)
        yield page


def _fill_sector(file: Path) -> int:
    """Lengthen a file to whole sectors, as a disk has them; return what it had."""
    size = file.stat().st_size
    with file.open("ab") as stream:
        stream.truncate(-size % SECTOR + size)
    return size


def _wait(page: PageClient) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            found = page.get("api/alerts?limit=1")["count"]
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            assert found == COUNT, found
            return


if __name__ == "__main__":
    for answers in measure(lambda text: print(text, file=sys.stderr)):
        print(answers)
