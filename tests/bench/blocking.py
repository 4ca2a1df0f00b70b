# SPDX-License-Identifier: MIT
"""`python -m tests.bench.blocking`: from alert to row, rows after a restart, memory of ten routers.

The routers are played, each in a process of its own, at 1.25 ms a row as a real one was measured.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import multiprocessing
import os
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

from appliance.blocking.book import Block, Book
from appliance.blocking.enforce import RouterTask
from appliance.blocking.register import Register
from appliance.host import clocks
from appliance.reports.blocking import BlockingReport
from appliance.router.keeping import Keeping
from appliance.service import Stop
from appliance.settings.sections.block import BlockConfig
from appliance.settings.sections.router import RouterEntry

ROW_S = 0.00125
ROUNDS, MANY, ROUTERS, EACH = 200, 10_000, 10, 1000
OTHERS = 2000  # connections of a busy home
PATIENCE_S = 1800.0
Played = tuple[Connection, multiprocessing.process.BaseProcess, RouterEntry]
PYTHON = (sys.executable, "-c")
# Every service is one of these; so it tells its pages of memory.
IDLE = """
import argparse
from appliance import service

def body(running):
    running.beat("idle")
    print(open("/proc/self/statm").read().split()[1])
    return 0

service.run("idle", argparse.ArgumentParser(), [], body)
"""


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
    pipe, process, entry = _play(folder, number)
    task = RouterTask(entry, Keeping(entry.name, folder), register)
    thread = threading.Thread(target=task.run, args=(stop,))
    thread.start()
    return Router(pipe, process, task, thread)


def _play(folder: Path, number: int) -> Played:
    """Play a router, whose user and certificate are kept in `folder`."""
    kept = Keeping(f"r{number}", folder)
    password = kept.made_secret().password
    pipe, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=play, args=(there, kept.folder, password)
    )
    process.start()
    port, pin = pipe.recv()
    kept.set_pin(pin)
    return pipe, process, RouterEntry(f"r{number}", ip_address("127.0.0.1"), port=port)


def until(condition: Callable[[], object], pause: float = 0.005) -> float:
    """Ask until something is so; return the seconds that it took. Raises TimeoutError."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > PATIENCE_S:
            raise TimeoutError("it did not come to be")
        time.sleep(pause)
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
            cut += router.task.proved[ip_network(_address(number))]
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
    idle = int(subprocess.run([*PYTHON, IDLE], check=True, capture_output=True, text=True).stdout)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        played = [_play(folder, number) for number in range(ROUTERS)]
        _note_blocks(folder / "book.db")
        with _service(folder, [each[2] for each in played]) as process:
            try:
                until(lambda: _rows(folder) == [EACH] * ROUTERS, 0.5)
                used = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
            finally:
                process.terminate()
                for pipe, _, _ in played:
                    pipe.send("end")
        for _, player, _ in played:
            player.join()
    more = (used - idle) * resource.getpagesize() / 1e6
    return f"{ROUTERS} routers, {EACH} rows each: {more:.1f} MB above an idle service"


def _note_blocks(file: Path) -> None:
    book, now = Book(file), time.time()
    for number in range(EACH):
        network = ip_network(_address(number))
        book.add(Block(network, "in", now, now + 86400, "bench", "1:2010935", "a", "b"))
    book.close()


def _service(folder: Path, routers: list[RouterEntry]) -> subprocess.Popen[bytes]:
    """Start the real service for these routers."""
    entries = ", ".join(
        f'{{ name = "{each.name}", address = "{each.address}", port = {each.port} }}'
        for each in routers
    )
    settings = folder / "glovebox.toml"
    settings.write_text(f'[router]\nrouters = [{entries}]\n[block]\nmode = "on"\n')
    (folder / "requests").mkdir()
    argv = [*PYTHON, "import sys; from appliance import cli; sys.exit(cli.main())", "blocking"]
    argv += ["--book", str(folder / "book.db"), "--database", str(folder / "alerts.db")]
    argv += ["--keep", str(folder), "--requests", str(folder / "requests")]
    argv += ["--runtime", str(folder)]
    places = {"GLOVEBOX_CONFIG": str(settings), "GLOVEBOX_RUNTIME_DIRECTORY": str(folder)}
    return subprocess.Popen(argv, env=os.environ | places, stderr=subprocess.DEVNULL)


def _rows(folder: Path) -> list[int]:
    report = BlockingReport.read(folder)
    return [each.rows for each in report.routers] if report else []


def main() -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.blocking", description=__doc__)
    choices = {"memory": memory, "latency": latency, "restart": restart}
    parser.add_argument("what", nargs="*", help=f"{', '.join(choices)}; all by default")
    for name in parser.parse_args().what or choices:
        print(choices[name](), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
