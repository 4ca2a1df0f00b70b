# SPDX-License-Identifier: MIT
"""`glovebox leds`: health to be seen without a screen."""

from __future__ import annotations

import argparse
import logging
import math
import sys
import time
from collections.abc import Callable, Sequence
from datetime import time as Clock
from typing import TextIO

from appliance.errors import GloveboxError
from appliance.leds.brightness import level, local_time
from appliance.leds.display import Display
from appliance.leds.heartbeat import Heartbeat
from appliance.leds.lamps import Finder
from appliance.leds.rhythms import RHYTHMS, drawing, table
from appliance.leds.sysfs import Sysfs
from appliance.reports.states import State
from appliance.service import Running, Stop, run
from appliance.settings.sections.leds import LedsConfig

log = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
FIND_SECONDS = 10.0
# While the machine starts, drivers and udev may be as late as this without being a fault.
SETTLE_SECONDS = 10.0
INTERRUPTED = 130
EPILOG = (
    "Exit status: 0 done, 1 no LED to show a demonstration on, 2 usage, 130 interrupted. As a"
    " service it ends only when told to; without LEDs it says so once and looks again now and then."
)


class Indicator:
    """The service: looks at health each second, changes rhythm and log on edges only."""

    def __init__(
        self,
        config: LedsConfig,
        heartbeat: Heartbeat,
        finder: Finder,
        display: Display,
        beat: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        time_of_day: Callable[[], Clock] = local_time,
    ) -> None:
        """Take where health is seen and shown; `beat` says that the work goes on, and the state."""
        self._config = config
        self._heartbeat = heartbeat
        self._finder = finder
        self._display = display
        self._beat = beat
        self._clock = clock
        self._time_of_day = time_of_day
        self._shown: tuple[State, float] | None = None
        self._settled = clock() + SETTLE_SECONDS
        self._next_check = self._next_find = -math.inf

    def tick(self) -> float:
        """Do what is due; return after how many seconds to come again."""
        now = self._clock()
        if now >= self._next_find:
            is_settled = now >= self._settled
            self._next_find = now + (FIND_SECONDS if is_settled else CHECK_SECONDS)
            self._display.add(self._finder.find(self._display.names, complain=is_settled))
        if now >= self._next_check:
            self._next_check = now + CHECK_SECONDS
            self._check(now)
        return min(self._display.advance(now), self._next_check - now)

    def _check(self, now: float) -> None:
        state = self._heartbeat.state()
        brightness = level(state, self._config, self._time_of_day())
        if (state, brightness) == self._shown:
            self._beat("")
            return
        self._shown = state, brightness
        self._display.show(RHYTHMS[state], brightness, now)
        self._beat(state.words)
        log.info("%s: %s (brightness %.0f %%)", state, state.words, brightness * 100)


def serve(running: Running, sysfs: Sysfs, heartbeat: Heartbeat) -> int:
    """Show health until told to end; then leave the LEDs as they were."""
    display, config = Display(), running.settings.leds
    finder = Finder(config, sysfs, is_service=True)
    indicator = Indicator(config, heartbeat, finder, display, running.beat)
    try:
        due = indicator.tick()
        while not running.stop.wait(due):
            due = indicator.tick()
    finally:
        display.close()
    return 0


def demonstrate(
    display: Display,
    brightness: float,
    seconds: float,
    stop: Stop,
    clock: Callable[[], float] = time.monotonic,
    out: TextIO = sys.stdout,
) -> int:
    """Play each state's rhythm for some seconds and name it; return the exit status."""
    try:
        for state, rhythm in RHYTHMS.items():
            print(f"{state:<15} {drawing(rhythm)}  {state.words}", file=out, flush=True)
            now = clock()
            end = now + seconds
            display.show(rhythm, brightness, now)
            while now < end:
                if stop.wait(min(display.advance(now), end - now)):
                    return INTERRUPTED
                now = clock()
    finally:
        display.close()
    return 0


def demo_display(finder: Finder) -> Display:
    """Return a display with the LEDs that are there. Raises GloveboxError where there is none."""
    lamps = finder.find()
    if not lamps:
        raise GloveboxError("no LED can be used; run it as root, on a Pi")
    display = Display()
    display.add(lamps)
    return display


def main(argv: Sequence[str]) -> int:
    """Show health on LEDs, or list or demonstrate what they say."""
    return run("leds", _parser(), argv, _show, instead=_listed)


def _listed(arguments: argparse.Namespace) -> int | None:
    if not arguments.list:
        return None
    print("Each character is 0.2 s: █ lit, _ dark.\n")
    print("\n".join(f"{state:<15} {drawn}  {words}" for state, drawn, words in table()))
    return 0


def _show(running: Running) -> int:
    config, arguments = running.settings.leds, running.arguments
    if arguments.demo:
        display = demo_display(Finder(config, Sysfs()))
        return demonstrate(display, config.brightness / 100.0, arguments.seconds, running.stop)
    return serve(running, Sysfs(), Heartbeat())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox leds", description="Show health on LEDs.", epilog=EPILOG
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="print what each rhythm means, and end")
    what.add_argument(
        "--demo", action="store_true",
        help="play each rhythm in turn and name it; Ctrl-C ends it, the LEDs are as they were",
    )  # fmt: skip
    parser.add_argument(
        "--seconds", type=_duration, default=8.0, metavar="N",
        help="how long --demo plays each rhythm (default: 8)",
    )  # fmt: skip
    return parser


def _duration(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 < seconds <= 3600.0:
        raise argparse.ArgumentTypeError(f"{text}: expected more than 0, at most 3600 seconds")
    return seconds
