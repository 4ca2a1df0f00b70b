# SPDX-License-Identifier: MIT
"""`./build.sh bench films`: three films for five minutes while the booted sensor is flooded."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from image.build import boards
from image.build.context import BUILD, BuildContext
from image.build.image import build_image
from image.demo import wait_ready
from image.machine.guest import Forward, Guest
from image.progress import StageProgress
from tests.image import sticks, streaming
from tests.player import Player

MEDIA_PORT = 8200
FILM = 'open("Film.avi", "wb").write(avi(64 << 20))'


def main(argv: Sequence[str]) -> int:
    """Boot, play, flood, print what came of it; exit 0 when the films did not stutter."""
    parser = argparse.ArgumentParser(
        prog="build.sh bench films",
        description=f"Play {streaming.STREAMS} films, {streaming.MEGABITS:.0f} Mb/s together, from"
        " a USB stick of the booted image, while it gets more capture than it can inspect. Only a"
        " quiet machine gives figures that mean anything.",
        epilog=f"exit status: 0 no gap over {streaming.LONGEST_GAP_S * 1000:.0f} ms, 1 there was"
        " one, or the films came too slowly",
    )
    parser.add_argument("--seconds", type=float, default=300.0, help="default: 300")
    parser.add_argument("--per-second", type=int, default=20_000, help="frames (default: 20000)")
    arguments = parser.parse_args(argv)
    image = build_image(BuildContext(boards.choose("vm"), StageProgress()))
    forwards = [Forward("udp", 37008), Forward("tcp", 80), Forward("tcp", MEDIA_PORT)]
    with (
        tempfile.TemporaryDirectory() as folder,
        Guest(image, BUILD, forwards, extra=["-device", "qemu-xhci"]) as guest,
    ):
        wait_ready(guest)
        url = film(guest, Path(folder))
        urls = [url] * streaming.STREAMS
        print(f"playing for {arguments.seconds:.0f} s", file=sys.stderr)
        found = streaming.overload(guest, urls, arguments.seconds, arguments.per_second)
    print(found)
    return 0 if found.films_played else 1


def film(guest: Guest, folder: Path) -> str:
    """Plug a stick with one film in; return where the host reaches it."""
    with guest.qmp() as monitor:
        stick = sticks.blank(guest.image.tools, folder, "vfat", "FILME")
        sticks.fill(guest, monitor, stick, FILM)
        monitor.plug_in(stick.image)
        base = f"http://127.0.0.1:{guest.host_port(MEDIA_PORT)}"
        while not (films := Player("127.0.0.1").films(f"{base}/rootDesc.xml")):
            pass
        return f"{base}/{films[0].url.split('/', 3)[3]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
