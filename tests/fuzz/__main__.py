# SPDX-License-Identifier: MIT
"""`python -m tests.fuzz MINUTES`: fuzz all that reads strangers' bytes, and tell the slowest input.

Needs atheris: pip install '.[fuzz]'. Exit status: 0 no finding, 1 a finding, 2 atheris is missing.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.conftest import PROJECT
from tests.fuzz import seeds
from tests.fuzz.promises import Promises

TRIES = 5


def main(argv: Sequence[str]) -> int:
    """Fuzz for some minutes, or try inputs again; print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("minutes", type=float, help="how long; 0: only measure the slowest again")
    parser.add_argument("--corpus", type=Path, default=PROJECT / "build/fuzz/corpus")
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared/data")
    parser.add_argument("--again", type=Path, nargs="*", help="inputs that were findings")
    arguments = parser.parse_args(argv)
    if importlib.util.find_spec("atheris") is None:
        print("tests.fuzz: atheris is missing: pip install '.[fuzz]'", file=sys.stderr)
        return 2
    promises = Promises()
    for file in arguments.again or ():
        promises.check(file.read_bytes())
    status = _hunt(arguments, promises) if arguments.minutes else 0
    _tell_costs(promises, arguments.corpus, arguments.data)
    return status


def _hunt(arguments: argparse.Namespace, promises: Promises) -> int:
    arguments.corpus.mkdir(parents=True, exist_ok=True)
    for place, subject in enumerate(promises.subjects):
        for number, seed in enumerate(seeds.of(subject, arguments.data)):
            (arguments.corpus / f"seed-{subject}-{number}").write_bytes(bytes((place,)) + seed)
    seconds = round(arguments.minutes * 60)
    words = [sys.executable, "-m", "tests.fuzz.hunt", str(arguments.corpus), str(seconds)]
    return int(subprocess.run(words, cwd=PROJECT, check=False).returncode != 0)


def _tell_costs(promises: Promises, corpus: Path, data: Path) -> None:
    """Print the slowest input of each subject in multiples of an ordinary one, uninstrumented."""
    print(f"{'subject':10} {'ordinary':>12} {'slowest':>12} {'bytes':>6} {'times':>7}")
    inputs = [file.read_bytes() for file in (*corpus.glob("*"), *corpus.parent.glob("slow-*"))]
    for place, (subject, promise) in enumerate(promises.subjects.items()):
        ordinary = [_cost(promise, seed) for seed in seeds.of(subject, data)]
        found = [each[1:] for each in inputs if each and each[0] % len(promises.subjects) == place]
        if not found or not ordinary:
            print(f"{subject:10} nothing to compare")
            continue
        worst = _slowest(promise, found)
        usual, slow = statistics.median(ordinary), _cost(promise, worst)
        print(f"{subject:10} {usual:9.1f} µs {slow:9.1f} µs {len(worst):6} {slow / usual:7.1f}")


def _slowest(promise: Callable[[bytes], None], found: Sequence[bytes]) -> bytes:
    """Return the slowest input: those that took longest at first are measured once more."""
    longest = sorted(found, key=lambda each: _cost(promise, each, tries=1))[-TRIES:]
    return max(longest, key=lambda each: _cost(promise, each))


def _cost(promise: Callable[[bytes], None], content: bytes, tries: int = TRIES) -> float:
    """Return the CPU time in µs, the least of some tries."""
    times = []
    for _ in range(tries):
        began = time.thread_time_ns()
        promise(content)
        times.append(time.thread_time_ns() - began)
    return min(times) / 1000


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
