# SPDX-License-Identifier: MIT
"""The main job without a Pi: boot the image, play the router, show what the engine says."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from appliance.errors import GloveboxError, GuestError, InputError
from appliance.tools.captures import open_capture
from appliance.tools.pacing import OriginalTiming, PacketRate
from appliance.tools.send import send_capture
from image.build import options
from image.build.context import BUILD, PROJECT
from image.build.image import build_image
from image.machine.guest import Forward, Guest
from image.machine.page_client import AlertFeed, PageClient
from image.progress import StageProgress

SHIPPED = PROJECT / "tests" / "captures" / "demo.pcap"
TZSP_PORT = 37008
PACKETS_PER_SECOND = 500
COUNTERS = (
    "datagrams_received", "bytes_received", "frames_sent", "bytes_sent", "keepalives", "dropped",
    "socket_overflow", "reassembly_failures",
)  # fmt: skip


@dataclass(frozen=True)
class DemoResult:
    """What a demo found, as `--report json` prints it."""

    engine: str
    alerts: list[dict[str, Any]]
    counters: dict[str, Any]
    seconds: dict[str, float]

    @property
    def has_shown(self) -> bool:
        """Whether what this sensor is for could be seen."""
        return bool(self.counters["frames_sent"] if self.engine == "none" else self.alerts)


def check_capture(path: Path) -> int:
    """Return how many packets the capture holds. Raises InputError for what cannot be played."""
    count = sum(1 for _ in open_capture(path))
    if count == 0:
        raise InputError(f"{path}: holds no packets")
    return count


def wait_ready(guest: Guest) -> None:
    """Wait until the guest is ready; one that stalls meanwhile is started once more."""
    guest.start_up(lambda: wait_services(guest))


def wait_services(guest: Guest) -> None:
    """Wait until the guest has its address and its engine listens, by jobs of its systemd."""
    guest.run("/usr/lib/systemd/systemd-networkd-wait-online --interface=eth0 --timeout=270", 300)
    services = "glovebox-receiver glovebox-ids glovebox-alerts glovebox-web"
    status, output = guest.execute(f"systemctl start {services}", 600)
    if status != 0:
        # What systemd says of a unit is asked by the unit: its identifier is systemd's.
        journal = guest.execute("journalctl -b -p warning --no-pager -n 20 -u 'glovebox*'")[1]
        raise GuestError(f"a service does not start: {output}\n{journal}")


def play(guest: Guest, capture: Path, pps: float | None) -> None:
    """Send the capture as the router would and wait until its last frame is inspected."""
    before = counters(guest)["datagrams_received"]
    address = ("127.0.0.1", guest.host_port(TZSP_PORT))
    sent = send_capture(capture, address, OriginalTiming() if pps is None else PacketRate(pps)).sent
    deadline = time.monotonic() + 15.0
    while counters(guest)["datagrams_received"] - before < sent:
        if time.monotonic() > deadline:
            break
    # What went in before the marker has been inspected and stored when the marker is.
    guest.run("glovebox selftest", 150)


def page_of(guest: Guest, address: str = "127.0.0.1") -> PageClient:
    """Return the device's page as the host reaches it, with the token that programs send."""
    token = guest.run("cat /var/lib/glovebox/web/token").strip()
    return PageClient(guest.host_port(80), address, token)


def counters(guest: Guest) -> dict[str, Any]:
    """Return the counters that the replay service published last."""
    published = json.loads(guest.run("cat /run/glovebox/receiver.json"))
    counts = {**published, **published["tally"]}
    return {name: counts[name] for name in COUNTERS}


def alert_line(alert: dict[str, Any]) -> str:
    """Return one alert as the demo prints it."""
    source = endpoint(alert["source"], alert["source_port"])
    destination = endpoint(alert["destination"], alert["destination_port"])
    return (
        f"{alert['time']}  {alert['gid']}:{alert['sid']}  {alert['message']}"
        f"  {{{alert['protocol']}}} {source} → {destination}  priority {alert['priority']}"
    )


def endpoint(address: str, port: int | None) -> str:
    """Return address and port as people write them."""
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def run(arguments: argparse.Namespace, progress: StageProgress, out: TextIO) -> DemoResult:
    """Build what is missing, boot it, play the capture; stay until Ctrl-C unless `--once`."""
    packets = check_capture(arguments.capture)
    forwards = [
        Forward("udp", TZSP_PORT, arguments.tzsp_port, arguments.address),
        Forward("tcp", 80, arguments.page_port, arguments.address),
    ]
    for forward in forwards:
        forward.resolved()
    image = build_image(options.context_of(arguments, progress))
    with Guest(image, BUILD, forwards) as guest:
        with progress.stage(f"boot until {image.engine.title} listens"):
            wait_ready(guest)
        page = page_of(guest, arguments.address)
        progress.say("whoever opens the page first sets the password")
        progress.say(f"page: {page.url}   TZSP: {arguments.address}:{guest.host_port(TZSP_PORT)}")
        feed = AlertFeed(page, lambda alert: print(alert_line(alert), file=out, flush=True))
        with progress.stage(f"{packets} packets of {arguments.capture.name}"):
            play(guest, arguments.capture, None if arguments.original else arguments.pps)
        if not arguments.once:
            stay(progress)
        feed.close()
        found = counters(guest)
    print(describe(found, len(feed.alerts)), file=out)
    return DemoResult(image.engine.name, feed.alerts, found, progress.seconds)


def stay(progress: StageProgress) -> None:
    """Keep the guest running until Ctrl-C."""
    progress.say("running; Ctrl-C ends it")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        progress.say("ending")


def describe(found: dict[str, Any], alerts: int) -> str:
    """Return the counters as one line for people."""
    dropped = ", ".join(f"{reason} {n}" for reason, n in found["dropped"].items() if n) or "none"
    return (
        f"received {found['datagrams_received']} datagrams, put {found['frames_sent']} frames on"
        f" tzsp0, dropped: {dropped}, socket overflow {found['socket_overflow']};"
        f" {alerts} alerts"
    )


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `build.sh demo`."""
    parser = argparse.ArgumentParser(
        prog="build.sh demo",
        description="Boot the image in an emulated machine, play a capture to it as a router"
        " would, and show the engine's alerts as they come.",
        epilog="Exit status: 0 alerts came (--ids none: frames), 1 none came, 2 bad input,"
        " 5 port taken, 6 no network, 7 disk full, 8 the guest failed, 130 Ctrl-C.",
        parents=[options.parser()],
    )
    parser.add_argument(
        "capture", nargs="?", type=Path, default=SHIPPED, help="pcap or pcapng (default: ours)"
    )
    parser.add_argument("--once", action="store_true", help="end when the capture is inspected")
    parser.add_argument("--report", choices=["json"], help="print one JSON object on stdout")
    parser.add_argument("--pps", type=float, default=PACKETS_PER_SECOND, help="default: 500")
    parser.add_argument("--original", action="store_true", help="keep the capture's own timing")
    parser.add_argument("--address", default="127.0.0.1", help="of this host, to listen on")
    parser.add_argument("--tzsp-port", type=int, default=TZSP_PORT, help="of this host")
    parser.add_argument("--page-port", type=int, default=8080, help="of this host")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Run the demo and return its exit status."""
    arguments = parse(argv)
    # Ended from outside is ended as by Ctrl-C: nothing may be left running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress = StageProgress()
    out = sys.stderr if arguments.report else sys.stdout
    try:
        outcome = run(arguments, progress, out)
    except GloveboxError as error:
        print(f"build.sh demo: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("build.sh demo: interrupted; nothing is left running", file=sys.stderr)
        return 130
    if arguments.report:
        print(json.dumps(vars(outcome)))
    return 0 if outcome.has_shown else 1


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    raise SystemExit(main(sys.argv[1:]))
