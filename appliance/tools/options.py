# SPDX-License-Identifier: MIT
"""The options by which captures are played, with the letters and meanings of tcpreplay."""

from __future__ import annotations

import argparse
import math
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from appliance.service import Stop
from appliance.tools.pacing import BitRate, OriginalTiming, Pace, Pacer, PacketRate
from appliance.tools.player import Destination, Notice, Player, Progress
from appliance.tools.playlist import Playlist, Source
from appliance.tools.summary import Played

PROGRESS_INTERVAL_S = 2.0
# One frame an hour, and 100 bits a second: slower is a slip of the finger.
SLOWEST_PPS, SLOWEST_MBPS = 1 / 3600, 0.0001
_MOST_DIGITS = 15
_YEAR_MS = 366 * 86_400_000

EXIT_NOT_ALL_SENT, EXIT_DAMAGED_FILE, EXIT_STOPPED = 1, 2, 130


def add_play_arguments(parser: argparse.ArgumentParser) -> None:
    """Add speed, limits, loops and progress; original timing is the default."""
    speed = parser.add_argument_group(
        "speed (default: original timing; a rate of 0 is top speed)"
    ).add_mutually_exclusive_group()
    speed.add_argument("-t", "--topspeed", action="store_true", help="as fast as possible")
    speed.add_argument("-p", "--pps", type=_frame_rate, metavar="N", help="N frames a second")
    speed.add_argument("-M", "--mbps", type=_bit_rate, metavar="N", help="N Mbit/s of frames")
    speed.add_argument(
        "-x", "--multiplier", type=_number, metavar="N", help="N times the original speed"
    )
    limits = parser.add_argument_group("limits")
    limits.add_argument(
        "-l", "--loop", type=_count, default=1, metavar="N", help="play N times; 0: endlessly"
    )
    limits.add_argument("-L", "--limit", type=_positive, metavar="N", help="stop after N frames")
    limits.add_argument(
        "--duration", type=_duration, metavar="S", help="stop after S seconds, even within a wait"
    )
    limits.add_argument(
        "--maxsleep",
        type=_count,
        metavar="MS",
        help="with original timing: wait at most MS milliseconds between frames",
    )
    limits.add_argument(
        "-K",
        "--preload",
        "--preload-pcap",
        action="store_true",
        help="read all files into memory first; needed to loop over a pipe",
    )
    limits.add_argument("--no-flow-stats", action="store_true", help="always so; for old scripts")
    output = parser.add_argument_group("output")
    output.add_argument(
        "--stats",
        type=_duration,
        metavar="S",
        help=f"progress on stderr every S seconds (on a terminal: {PROGRESS_INTERVAL_S:.0f})",
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run(
    arguments: argparse.Namespace,
    sources: Sequence[Source],
    destination: Destination,
    notice: Notice,
    describe: Callable[[Played], str],
) -> int:
    """Play `sources` as the options say, print what `describe` makes of it, return the exit status.

    Raises InputError for files that are no good, where possible before anything is sent.
    """
    stop, expired = Stop(), Stop()
    playlist = Playlist(sources, arguments.loop, arguments.preload, stop)
    playlist.check()
    stop.install()
    pace = _pace(arguments, lambda text: notice("gap", text))
    player = Player(
        playlist,
        destination,
        Pacer(pace, stop) if pace else None,
        stop,
        notice,
        arguments.limit,
        _progress(arguments, destination),
    )
    try:
        _stop_after(arguments.duration or 0, stop, expired)
        player.run()
    finally:
        _stop_after(0, stop, expired)
        print(describe(destination.played), flush=True)
    if stop and not expired:
        return EXIT_STOPPED
    if player.damage:
        return EXIT_DAMAGED_FILE
    return 0 if destination.played.complete else EXIT_NOT_ALL_SENT


def _stop_after(seconds: float, stop: Stop, expired: Stop) -> None:
    """Set both flags in `seconds` (0: never). A signal does it: it also ends a wait for a pipe."""

    def expire(number: int, frame: FrameType | None) -> None:
        expired.set()
        stop.set()

    signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _pace(
    arguments: argparse.Namespace, say: Callable[[str], None] = lambda text: None
) -> Pace | None:
    if arguments.topspeed or 0 in (arguments.pps, arguments.mbps, arguments.multiplier):
        return None
    if arguments.pps is not None:
        return PacketRate(arguments.pps)
    if arguments.mbps is not None:
        return BitRate(arguments.mbps)
    longest_gap_us = (
        None if arguments.maxsleep is None else min(arguments.maxsleep, _YEAR_MS) * 1000
    )
    return OriginalTiming(arguments.multiplier or 1.0, longest_gap_us, say)


def _progress(arguments: argparse.Namespace, destination: Destination) -> Progress | None:
    interval_s = arguments.stats or (PROGRESS_INTERVAL_S if sys.stderr.isatty() else None)
    if arguments.quiet or interval_s is None:
        return None
    return Progress(destination.played, interval_s)


def _number(text: str) -> float:
    number = _float(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number, 0 or more")
    return number


def _frame_rate(text: str) -> float:
    return _rate(text, SLOWEST_PPS, "frames a second")


def _bit_rate(text: str) -> float:
    return _rate(text, SLOWEST_MBPS, "Mbit/s")


def _rate(text: str, slowest: float, unit: str) -> float:
    rate = _number(text)
    if 0 < rate < slowest:
        raise argparse.ArgumentTypeError(f"{text!r}: expected 0 or at least {slowest:g} {unit}")
    return rate


def _duration(text: str) -> float:
    number = _float(text)
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r}: expected seconds, more than 0")
    return number


def _count(text: str) -> int:
    if not _is_whole(text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 0 or more")
    return int(text)


def _positive(text: str) -> int:
    if not _is_whole(text) or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 1 or more")
    return int(text)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
