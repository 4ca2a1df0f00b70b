# SPDX-License-Identifier: MIT
"""What minidlna watches, from inotify marks as the kernel shows them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.films import watch
from appliance.films.watch import Sight
from appliance.service import Stop

FDINFO = """pos:\t0
flags:\t00
mnt_id:\t15
ino:\t1057
inotify wd:2 ino:7d sdev:800013 mask:3c6 ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:7d
inotify wd:1 ino:1a sdev:18 mask:3c6 ignored_mask:0 fhandle-bytes:c fhandle-type:1 f_handle:00
"""
# Stands for minidlna: says when it runs, and watches the folder when it is told to.
SERVER = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
descriptor = libc.inotify_init()
print(flush=True)
input()
libc.inotify_add_watch(descriptor, os.fsencode(sys.argv[1]), 0x100)
print(flush=True)
input()
"""


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


@pytest.fixture
def server(films: Path) -> Iterator[subprocess.Popen[str]]:
    configuration = films.with_name(watch.CONFIGURATION)
    argv = [sys.executable, "-c", SERVER, str(films), "-f", str(configuration)]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        step(process)
        yield process
        process.kill()


def step(server: subprocess.Popen[str]) -> None:
    """Wait until the server has done what it was told."""
    assert server.stdout is not None
    assert server.stdout.readline() == "\n"


def tell(server: subprocess.Popen[str]) -> None:
    assert server.stdin is not None
    server.stdin.write("\n")
    server.stdin.flush()


def test_marks_are_devices_and_inodes() -> None:
    assert watch.marks(FDINFO) == {(0x800013, 0x7D), (0x18, 0x1A)}


@pytest.mark.parametrize("fdinfo", ["", "pos:\t0\nflags:\t02\n", "inotify wd:1 ino: sdev: mask:"])
def test_other_descriptors_have_no_marks(fdinfo: str) -> None:
    assert watch.marks(fdinfo) == set()


def test_look_tells_what_the_server_sees(films: Path, server: subprocess.Popen[str]) -> None:
    assert watch.look(films) is Sight.BLIND
    tell(server)
    step(server)
    assert watch.look(films) is Sight.WATCHING
    tell(server)
    server.wait()
    assert watch.look(films) is Sight.ABSENT


def test_the_server_of_another_folder_is_none(films: Path, server: subprocess.Popen[str]) -> None:
    other = films.parent / "other" / "films"
    other.mkdir(parents=True)
    assert watch.look(other) is Sight.ABSENT


class Told(Stop):
    """Never stops; when it is waited for, the server gets on with its start."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        super().__init__()
        self._server = server

    def wait(self, seconds: float) -> bool:
        tell(self._server)
        step(self._server)
        return False


def test_wait_returns_when_the_server_watches(films: Path, server: subprocess.Popen[str]) -> None:
    assert watch.wait(films, Told(server))


def test_wait_does_not_wait_for_one_that_does_not_run(films: Path) -> None:
    assert not watch.wait(films, Stop())


def test_wait_ends_when_it_should(films: Path, server: subprocess.Popen[str]) -> None:
    stop = Stop()
    stop.set()
    assert not watch.wait(films, stop)


def test_wait_has_an_end(
    films: Path, server: subprocess.Popen[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert not watch.wait(films, Stop(), patience=-1)
    assert f"still does not watch {films}" in caplog.text


def test_a_server_that_ends_meanwhile_is_none(tmp_path: Path, films: Path) -> None:
    """Its folder in /proc is still there, what was in it no more."""
    gone = tmp_path / "proc" / "1"
    gone.mkdir(parents=True)
    assert watch.look(films, tmp_path / "proc") is Sight.ABSENT
    (gone / "cmdline").write_bytes(os.fsencode(films.with_name(watch.CONFIGURATION)) + b"\0")
    assert watch.look(films, tmp_path / "proc") is Sight.BLIND
