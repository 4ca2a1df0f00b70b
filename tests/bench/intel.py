# SPDX-License-Identifier: MIT
"""`python -m tests.bench.intel [ENTRIES …]`: what lists cost, in memory and for each frame.

For each number of entries a process of its own makes the structure, half of it names, looks entries
up that are listed and others that are not, and lets the matcher see frames that the kernel's filter
passes. Times are CPU times; memory is what the process holds more than before.
"""

from __future__ import annotations

import multiprocessing
import random
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil

from appliance.intel.allowed import Allowed
from appliance.intel.hit_spool import HitSpool
from appliance.intel.known_bad import KnownBad
from appliance.intel.matcher import Matcher
from appliance.intel.meetings import Meetings
from tests.frames import ethernet, ipv4, udp
from tests.unit.formats.test_dns_message import question
from tests.unit.formats.test_tls_hello import hello
from tests.unit.intel.sample_lists import SYN, segment, take

SIZES = (300_000, 1_000_000)
LOOKED_UP, FRAMES, DIFFERENT = 50_000, 20_000, 200
SEED = 7


def entries(count: int) -> Iterator[bytes]:
    """Yield entries: names, and as many addresses."""
    chance = random.Random(SEED)
    for number in range(count // 2):
        yield b"%x.h%d.example" % (chance.getrandbits(40), number)
        yield socket.inet_ntoa((0x2C000000 + number * 97).to_bytes(4)).encode()


def cpu_us(work: Callable[[], object], count: int) -> float:
    """Return the CPU time of one of `count` pieces of work, in microseconds."""
    began = time.process_time()
    work()
    return (time.process_time() - began) / count * 1e6


def measure(count: int) -> None:
    """Print what so many entries cost."""
    process = psutil.Process()
    before, began = process.memory_info().rss, time.process_time()
    known = KnownBad(entries(count))
    made, held = time.process_time() - began, (process.memory_info().rss - before) / (1 << 20)
    listed = list(entries(min(count, LOOKED_UP)))
    names, places = listed[::2], [socket.inet_aton(each.decode()) for each in listed[1::2]]
    others = [b"other." + name[:-8] + b".test" for name in names]
    assert all(map(known.has_name, names)) and all(map(known.has_address, places))
    assert not any(map(known.has_name, others))
    figures = [
        cpu_us(lambda: [known.has_name(each) for each in names], len(names)),
        cpu_us(lambda: [known.has_name(each) for each in others], len(others)),
        cpu_us(lambda: [known.has_address(each) for each in places], len(places)),
    ]
    print(f"{count} entries: {held:.0f} MB held, made in {made:.1f} s; look-up of a listed name "
          "{:.1f} µs, another {:.1f} µs, an address {:.1f} µs".format(*figures))  # fmt: skip


def measure_matcher() -> None:
    """Print what frames cost that the kernel's filter passes."""
    kinds: dict[str, Callable[[str], bytes]] = {
        "question": lambda name: udp(question(name), 53),
        "ClientHello": lambda name: segment(hello(name)),
    }
    with tempfile.TemporaryDirectory() as folder:
        take(Path(folder), a_txt="\n".join(f"h{number}.bad.example" for number in range(1000)))
        (Path(folder) / "spool").mkdir()
        matcher = Matcher(Meetings(Allowed(), ()), HitSpool(Path(folder) / "spool"))
        matcher.load(Path(folder) / "kept")
        for kind, made in kinds.items():
            protocol = 17 if kind == "question" else 6
            for what in ("bad", "good"):
                frames = [
                    ethernet(ipv4(made(f"h{number}.{what}.example"), protocol))
                    for number in range(DIFFERENT)
                ] * (FRAMES // DIFFERENT)
                print(f"{kind}, {what}: {_each(matcher, frames):.1f} µs")
        frames = [ethernet(ipv4(segment(flags=SYN), 6))] * FRAMES
        print(f"first packet of a connection: {_each(matcher, frames):.1f} µs")
        matcher.close()


def _each(matcher: Matcher, frames: Sequence[bytes]) -> float:
    def look() -> None:
        for frame in frames:
            matcher.frame(memoryview(frame), 1.0)

    return cpu_us(look, len(frames))


def main(argv: Sequence[str]) -> int:
    """Measure, each number in a process of its own."""
    context = multiprocessing.get_context("spawn")
    for count in map(int, argv or map(str, SIZES)):
        process = context.Process(target=measure, args=(count,))
        process.start()
        process.join()
    measure_matcher()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
