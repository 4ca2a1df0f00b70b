# SPDX-License-Identifier: MIT
"""`python -m tests.bench.blocking`: from alert to row, rows after a restart, memory of ten routers.

The routers are played, each in a process of its own, at 1.25 ms a row as a real one was measured.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from multiprocessing.connection import Connection
from pathlib import Path

from appliance.blocking.book import Book
from appliance.blocking.enforce import RouterTask
from appliance.blocking.register import Register
from appliance.host import clocks
from appliance.router.keeping import Keeping
from appliance.service import Stop
from appliance.settings.sections.block import BlockConfig
from appliance.settings.sections.router import RouterEntry

ROW_S = 0.00125
ROUNDS, MANY, ROUTERS, EACH = 200, 10_000, 10, 1000
OTHERS = 2000  # connections of a busy home
PATIENCE_S = 1800.0
MEMORY = "import resource; print(int(open('/proc/self/statm').read().split()[1]))"
IDLE = f"from appliance import service; from appliance.settings import config; {MEMORY}"


@dataclass
class Router:
    """A played router and what keeps its list; `pipe` leads to it."""

    pipe: Connection
    process: multiprocessing.process.BaseProcess
    task: RouterTask
    thread: threading.Thread

    def ask(self, what: str) -> int:
        """Have the router do something; return how many rows it has."""
        self.pipe.send(what)
        return int(self.pipe.recv())

    def cpu(self) -> float:
        """Return the CPU seconds of what keeps it."""
        return time.clock_gettime(time.pthread_getcpuclockid(self.thread.ident or 0))


def play(pipe: Connection, folder: Path, password: str) -> None:
    """Be a router that is set up for us, until told to end."""
    # Only here: what it takes is no memory of ours.
    from tests.routeros import server, terminal
    from tests.routeros.machine import Machine

    certificate = server.certificate(folder)
    machine = Machine("7.22.1")
    machine.booted -= 1000
    terminal.paste(
        machine,
        "/user/group add name=glovebox policy=api,read,write\n"
        f"/user add name=glovebox group=glovebox password={password}\n",
    )
    with server.serving(machine, certificate) as api:
        api.slow_s = ROW_S
        pipe.send((api.port, server.pin(certificate)))
        while (asked := pipe.recv()) != "end":
            if asked == "reboot":
                machine.reboot()
            elif asked.startswith("connection "):
                machine.connection(f"{asked.split()[1]}:4444", "192.168.88.20:23")
            api.transcript.clear()
            pipe.send(len(machine.rows("/ip/firewall/address-list")))


@contextlib.contextmanager
def keeping(count: int) -> Iterator[tuple[list[Router], Register]]:
    """Keep the lists of so many played routers."""
    with tempfile.TemporaryDirectory() as name:
        folder, stop = Path(name), Stop()
        settings = BlockConfig(mode="on", per_hour=1000, most=10_000)
        register = Register(settings, Book(folder / "b.db"), [], time.time, clocks.boottime)
        routers = [_router(folder, register, stop, number) for number in range(count)]
        until(lambda: all(each.task.state.reached for each in routers))
        yield routers, register
        stop.set()
        for each in routers:
            each.thread.join()
            each.pipe.send("end")
            each.process.join()


def _router(folder: Path, register: Register, stop: Stop, number: int) -> Router:
    kept = Keeping(f"r{number}", folder)
    password = kept.made_secret().password
    pipe, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=play, args=(there, kept.folder, password)
    )
    process.start()
    port, pin = pipe.recv()
    kept.set_pin(pin)
    entry = RouterEntry(f"r{number}", ip_address("127.0.0.1"), port=port)
    task = RouterTask(entry, kept, register)
    thread = threading.Thread(target=task.run, args=(stop,))
    thread.start()
    return Router(pipe, process, task, thread)


def until(condition: Callable[[], object]) -> float:
    """Wait until something is so; return the seconds that it took. Raises TimeoutError."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > PATIENCE_S:
            raise TimeoutError("it did not come to be")
        time.sleep(0.005)
    return time.monotonic() - begun


def fill(register: Register, first: int, count: int) -> None:
    """Block so many addresses."""
    for number in range(first, first + count):
        register.wish(ip_network(f"{_address(number)}/32"), 86400, "bench")


def _address(number: int) -> str:
    return f"45.{number >> 8 & 255}.{number & 255}.1"


def latency() -> str:
    """Say how long it takes from what is decided to a row that was read back, its connection cut.

    The router has many other connections, which are walked each time.
    """
    times, cut = [], 0
    with keeping(1) as ((router,), register):
        for number in range(OTHERS):
            router.ask(f"connection 198.51.100.{number % 250}")
        for number in range(ROUNDS):
            router.ask(f"connection {_address(number)}")
            fill(register, number, 1)
            times.append(until(functools.partial(_has, router.task, number + 1)))
            cut += router.task.proved[f"{_address(number)}/32"]
    times.sort()
    p99 = times[int(len(times) * 0.99) - 1]
    return (
        f"decided to proved and cut: p50 {statistics.median(times):.2f} s, p99 {p99:.2f} s, "
        f"{cut} of {ROUNDS} connections cut among {OTHERS} others"
    )


def _has(task: RouterTask, rows: int) -> bool:
    return len(task.proved) == rows


def restart() -> str:
    """Say how long a router that lost all rows takes to have them again."""
    with keeping(1) as ((router,), register):
        fill(register, 0, MANY)
        until(lambda: len(router.task.proved) == MANY)
        before = router.cpu()
        router.ask("reboot")
        took = until(lambda: router.ask("count") == MANY)
        proved = took + until(lambda: len(router.task.proved) == MANY)
        used = router.cpu() - before
    return f"{MANY} rows again: {took:.1f} s, proved {proved:.1f} s, CPU of ours {used:.2f} s"


def memory() -> str:
    """Say how much more memory ten routers with a thousand rows take than an idle service."""
    page = resource.getpagesize()
    argv = [sys.executable, "-c", IDLE]
    idle = int(subprocess.run(argv, check=True, capture_output=True, text=True).stdout) * page
    with keeping(ROUTERS) as (routers, register):
        fill(register, 0, EACH)
        until(lambda: all(len(each.task.proved) == EACH for each in routers))
        used = int(Path("/proc/self/statm").read_text().split()[1]) * page
    return (
        f"{ROUTERS} routers, {EACH} rows each: {(used - idle) / 1e6:.1f} MB above an idle service"
    )


def main() -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.blocking", description=__doc__)
    # First what would count what the others left in memory.
    choices = {"memory": memory, "latency": latency, "restart": restart}
    parser.add_argument("what", nargs="*", help=f"{', '.join(choices)}; all by default")
    for name in parser.parse_args().what or choices:
        print(choices[name](), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
