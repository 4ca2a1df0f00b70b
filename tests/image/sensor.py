# SPDX-License-Identifier: MIT
"""The booted sensor under observation: a router that streams, and someone who watches the page."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from appliance.formats.tzsp import encode
from image.demo import TZSP_PORT, page_of
from image.machine.guest import Guest
from image.machine.page_client import PageClient
from tests.frames import ethernet, ipv4, udp

T = TypeVar("T")


def sid(port: int) -> int:
    """Return the rule that speaks of datagrams to a port."""
    return 1_001_000 + port


# One alert for each datagram to one of these ports; its number is the port it comes from.
NUMBERED, FLOOD, PLAIN = 7777, 7778, 7779
RULES = "".join(
    f'alert udp any any -> any {port} (msg:"{name}"; priority:3; sid:{sid(port)}; rev:1;)\n'
    for port, name in ((NUMBERED, "TEST numbered"), (FLOOD, "TEST flood"))
)
FRAMES_PER_SECOND, ALERTS_PER_SECOND = 50, 2
LOOK_S = 0.5
PATIENCE_S = 2.0
SERVICES = tuple(
    f"glovebox-{name}.service"
    for name in ("receiver", "ids", "alerts", "web", "leds", "supervisor")
)


def frame(destination_port: int, number: int = 1) -> bytes:
    """Return a UDP frame; `number` becomes its source port."""
    return ethernet(ipv4(udp(b"x" * 60, destination_port, number)))


def published(guest: Guest, name: str) -> Any:
    """Return what a service last published."""
    return json.loads(guest.run(f"cat /run/glovebox/{name}.json"))


def ledger(guest: Guest) -> dict[str, tuple[int, int]]:
    """Return (came in, lost) by stage."""
    rows = published(guest, "supervisor")["ledger"]
    return {row["stage"]: (row["count"] or 0, row["lost"] or 0) for row in rows}


class Router:
    """Streams frames to the guest, a few of them numbered ones that raise alerts."""

    def __init__(self, guest: Guest) -> None:
        self._address = ("127.0.0.1", guest.host_port(TZSP_PORT))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._plain = encode(frame(PLAIN))
        self._closed = threading.Event()
        self._paused = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.number = 0

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()
        self._socket.close()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let nothing out."""
        self._paused.set()
        try:
            yield
        finally:
            self._paused.clear()

    def send(self, data: bytes) -> None:
        self._socket.sendto(data, self._address)

    def burst(self, port: int, count: int, per_second: float) -> None:
        """Send frames to a port, numbered from 1, evenly."""
        begin = time.monotonic()
        for number in range(count):
            self.send(encode(frame(port, 1 + number % 65535)))
            ahead = begin + number / per_second - time.monotonic()
            if ahead > 0.005:
                time.sleep(ahead)

    def _run(self) -> None:
        due, every = time.monotonic(), FRAMES_PER_SECOND // ALERTS_PER_SECOND
        count = 0
        while not self._closed.wait(max(0.0, due - time.monotonic())):
            due = max(due + 1 / FRAMES_PER_SECOND, time.monotonic() - 1.0)
            if self._paused.is_set():
                continue
            count += 1
            if count % every:
                self.send(self._plain)
            else:
                self.number += 1
                self.send(encode(frame(NUMBERED, self.number)))


@dataclass(frozen=True)
class Seen:
    """What a watcher of the page saw at one moment (time.monotonic); None: it did not answer.

    `starved` says how long the emulated machine had waited by then for this one.
    """

    time: float
    starved: float
    status: dict[str, Any] | None

    @property
    def is_well(self) -> bool:
        """Whether it told that all is well."""
        return self.status is not None and self.status["level"] == "ok"

    @property
    def told(self) -> str:
        """Every word of trouble that the page showed; none where it told that all is well."""
        if self.status is None:
            return "the status page does not answer"
        if self.is_well:
            return ""
        supervisor = self.status["supervisor"] or {"checks": []}
        bad = [each["words"] for each in supervisor["checks"] if each["level"] != "ok"]
        return " ".join([self.status["sentence"], *bad])

    @property
    def is_losing(self) -> bool:
        """Whether frames were lost lately, or nobody knows."""
        supervisor = self.status and self.status["supervisor"]
        if not supervisor:
            return True
        return any(
            c["name"].startswith("loss-") and c["level"] != "ok" for c in supervisor["checks"]
        )

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong any more; what the last minute saw may still show."""
        if self.status is None or not self.status["supervisor"]:
            return False
        bad = {
            each["name"] for each in self.status["supervisor"]["checks"] if each["level"] != "ok"
        }
        good = {"receiver": "running", "interface": "up", "stream": "flowing",
                "engine": "listening", "alerts": "stored"}  # fmt: skip
        past = {"ended", "inspected", "loss-engine", "loss-interface"}
        return bad <= past and self.status["parts"] == good


class Watcher:
    """Asks the page every LOOK_S, as the browser of its owner does."""

    def __init__(self, page: PageClient, starved: Callable[[], float]) -> None:
        self._page = page
        self._starved = starved
        self.seen: list[Seen] = []
        self._came = threading.Condition()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def starved(self, begin: float, end: float) -> float:
        """Return for how long between two moments the machine waited for this one."""
        first = next(seen for seen in reversed(self.seen) if seen.time <= begin)
        last = next((seen for seen in self.seen if seen.time >= end), self.seen[-1])
        return last.starved - first.starved

    def after(self, moment: float) -> list[Seen]:
        """Return what was asked after a moment, the oldest first."""
        with self._came:
            return [seen for seen in self.seen if seen.time >= moment]

    def wait(self, wanted: Callable[[Seen], bool], since: float, seconds: float) -> Seen | None:
        """Return the first look since a moment that is wanted; None if none came in time."""
        deadline = since + seconds
        with self._came:
            while True:
                found = next((s for s in self.seen if s.time >= since and wanted(s)), None)
                if found or time.monotonic() > deadline + PATIENCE_S:
                    return found
                self._came.wait(LOOK_S)

    def _run(self) -> None:
        while not self._closed.is_set():
            asked = time.monotonic()
            try:
                status = self._page.get("api/status", PATIENCE_S)
            except (OSError, ValueError):
                status = None
            with self._came:
                # The moment of the answer: what it says is no older.
                self.seen.append(Seen(time.monotonic(), self._starved(), status))
                self._came.notify_all()
            self._closed.wait(max(0.0, asked + LOOK_S - time.monotonic()))


@dataclass(frozen=True)
class Snapshot:
    """What holds in the guest at one moment.

    `invocations` name the run of each service of ours, "down" where it has none. `count` and
    `newest` are of the alerts in the database, `floods` those of a flood; `numbers` are those of
    the numbered alerts after a certain id.
    """

    invocations: dict[str, str]
    count: int
    newest: int
    floods: int
    numbers: list[int]


# One process for all of it: to start one takes a second of an emulated machine.
SNAPSHOT = f"""
import json, sqlite3, subprocess, sys
argv = ["systemctl", "show", "-p", "Id,InvocationID,ActiveState", *{SERVICES!r}]
shown = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
units = [dict(line.split("=", 1) for line in each.splitlines()) for each in shown.split("\\n\\n")]
store = sqlite3.connect("file:/var/lib/glovebox/alerts/alerts.db?mode=ro", uri=True, timeout=20)
sids = dict(store.execute("SELECT sid, alerts FROM signature"))
numbers = store.execute("SELECT source_port FROM alert JOIN signature ON signature.id = signature"
    " WHERE sid = ? AND alert.id > ? ORDER BY alert.id", ({sid(NUMBERED)}, int(sys.argv[1])))
count, newest = store.execute("SELECT count(*), ifnull(max(id), 0) FROM alert").fetchone()
print(json.dumps({{
    "invocations": {{unit["Id"]: unit["InvocationID"] if unit["ActiveState"] == "active" else "down"
                    for unit in units}},
    "count": count, "newest": newest, "floods": sids.get({sid(FLOOD)}, 0),
    "numbers": [port for port, in numbers]}}))
"""


class Sensor:
    """The guest, with a router and a watcher at work."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.page = page_of(guest)
        self.router = Router(guest)
        self.watcher = Watcher(self.page, guest.starved)

    @contextmanager
    def working(self) -> Iterator[Sensor]:
        """Have it inspect a stream, with rules that number alerts."""
        self.guest.run(f"cat >/var/lib/glovebox/rules.d/test.rules <<'END'\n{RULES}END")
        self.guest.run(f"cat >/run/snapshot.py <<'END'\n{SNAPSHOT}END")
        self.guest.run("systemctl restart glovebox-ids-config glovebox-ids", 120)
        self.router.start()
        self.watcher.start()
        assert self.watcher.wait(lambda _: True, time.monotonic(), 60.0), "never asked"
        try:
            yield self
        finally:
            self.watcher.close()
            self.router.close()

    def wait_well(self, seconds: float = 60.0) -> Seen:
        """Wait until the page and the LED tell that all is well."""
        begin = time.monotonic()
        found = self.watcher.wait(lambda seen: seen.is_well, begin, seconds)
        assert found, f"not well: {self.watcher.seen[-1].told}"
        deadline = begin + seconds
        while (shown := self.led()) != "traffic arrives and is inspected":
            assert time.monotonic() < deadline, f"the LED shows: {shown}"
        return found

    def led(self) -> str:
        """Return what the LED service shows now, in its words."""
        return self.guest.run("systemctl show glovebox-leds -P StatusText")

    def led_changes(self, uptime: float) -> list[tuple[float, str]]:
        """Return the states that the LEDs came to show since the guest's `uptime`, with theirs."""
        lines = self.guest.run(
            "journalctl -t glovebox-leds -n 30 -o json --output-fields=MESSAGE --no-pager"
        ).splitlines()
        found = []
        for entry in map(json.loads, lines):
            at = int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6
            state = re.match(r"(\w+): .*\(brightness", str(entry["MESSAGE"]))
            if at >= uptime and state:
                found.append((at, state[1]))
        return found

    def snapshot(self, after: int = 0) -> Snapshot:
        """Return what holds now, with the numbers of alerts after an id."""
        return Snapshot(**json.loads(self.guest.run(f"python3 /run/snapshot.py {after}", 120)))

    def drain(self) -> None:
        """Wait until all that was sent has been inspected and stored: the marker comes last."""
        deadline = time.monotonic() + 180
        while self.guest.execute("glovebox selftest --seconds 30", 200)[0] != 0:
            assert time.monotonic() < deadline, "the self-test does not pass"
