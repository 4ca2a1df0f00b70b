# SPDX-License-Identifier: MIT
"""Play the router: wrap the frames of captures in TZSP and send them by UDP."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from appliance.formats import tzsp
from appliance.service import Stop
from appliance.tools.options import add_play_arguments, run
from appliance.tools.pacing import Pace, Pacer
from appliance.tools.player import Notices, Player, ignore
from appliance.tools.playlist import Playlist, Source, source
from appliance.tools.summary import Played, summary
from appliance.tools.target import FAILURES, RETURNS, Sensor

_ADDRESS = re.compile(
    r"(?:\[(?P<bracketed>[^\[\]]+)\]|(?P<plain>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?"
)

EPILOG = """\
exit status: 0 all frames sent; 1 some frames not sent, or nobody listens, or no way there; 2 bad
usage, or a file that is no capture or is cut off (what is whole is sent); 130 stopped by SIGINT,
SIGTERM or SIGHUP. The summary is printed in any case."""


def main(argv: Sequence[str]) -> int:
    """Send captures as a router would; `--help` tells the exit statuses."""
    arguments = _parser().parse_args(argv)
    notices = Notices("send")
    with closing(Sensor(arguments.to, notices.once)) as sensor:

        def describe(played: Played) -> str:
            if arguments.report == "json":
                return json.dumps(counters(played))
            return summary(played, f"destination: {sensor.name}")

        sources = [source(name) for name in arguments.files]
        return run(arguments, sources, sensor, notices.once, describe)


def send_capture(
    capture: Source,
    address: tuple[str, int],
    pace: Pace | None = None,
    loops: int = 1,
    limit: int | None = None,
    stop: Stop | None = None,
) -> Played:
    """Send one capture to the TZSP port at `address`; return what became of its frames.

    `pace` None is top speed. Frames that cannot be sent are counted. Raises InputError for what is
    no capture, and, when the rest is sent, for one that is cut off.
    """
    stop = Stop() if stop is None else stop
    pacer = Pacer(pace, stop) if pace else None
    with closing(Sensor(address, ignore)) as sensor:
        player = Player(Playlist([capture], loops, stop=stop), sensor, pacer, stop, ignore, limit)
        played = player.run()
    if player.damage is not None:
        raise player.damage
    return played


def counters(played: Played) -> dict[str, Any]:
    """Return the report; frames_read == datagrams_sent + the sum of failed."""
    return {
        "frames_read": played.read,
        "bytes_read": played.read_bytes,
        "datagrams_sent": played.sent,
        "bytes_sent": played.sent_bytes,
        "failed": {reason: played.failed[reason] for reason in FAILURES},
        "returned": {reason: played.returned[reason] for reason in RETURNS},
    } | played.run_as_json()


def parse_address(text: str) -> tuple[str, int]:
    """Split ADDR, ADDR:PORT, [ADDR] or [ADDR]:PORT. Raises ArgumentTypeError for anything else."""
    match = _ADDRESS.fullmatch(text)
    port = int(match["port"] or tzsp.PORT) if match else 0
    if match is None or not 0 < port < 65536:
        raise argparse.ArgumentTypeError(f"{text!r}: expected ADDR:PORT, or [ADDR]:PORT for IPv6")
    return match["bracketed"] or match["plain"], port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox send",
        description="Play the router: wrap the frames of captures in TZSP and send them by UDP.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help='pcap or pcapng, played in order; "-" is stdin'
    )
    parser.add_argument(
        "--to",
        required=True,
        type=parse_address,
        metavar="ADDR:PORT",
        help=f"where the sensor listens; [ADDR]:PORT for IPv6, port {tzsp.PORT} if left out",
    )
    parser.add_argument("--report", choices=("text", "json"), default="text", help="on stdout")
    add_play_arguments(parser)
    return parser
