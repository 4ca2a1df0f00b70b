# SPDX-License-Identifier: MIT
"""Writable or not, in every mount at once: on real mounts in namespaces of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import InputError
from appliance.host import mounts
from appliance.host.mounts import set_writable
from tests.conftest import PROJECT, missing

MEDIA = Path("/media/glovebox")
LINE = "36 30 179:4 / {} {},nosuid shared:9 - exfat /dev/mmcblk0p4 {},uid=999,umask=0022\n"

# As on the device: sshd's view of the mount, and that of a service for which it is read-only.
SCRIPT = """
import ctypes, json, os, subprocess, sys
from pathlib import Path
from appliance.host import mounts
from appliance.host.mounts import set_writable

media = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "films", media], check=True)

def service(before):
    '''Start a shell with a view of its own; return a way to have it carry out a line.'''
    shell = subprocess.Popen(["unshare", "-m", "--propagation", "slave", "sh"], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
    def run(line):
        print(f"({line}) 2>/dev/null; echo $?", file=shell.stdin, flush=True)
        return int(shell.stdout.readline())
    assert run(before) == 0
    return run, shell

def closing():
    try:
        set_writable(media, False)
    except OSError as error:
        return error.errno
    return 0

def mounted():
    return mounts.read()[media]

found = {"closed": closing(), "shown closed": mounted()}
sshd, sshd_shell = service("true")
other, _ = service(f"mount -o remount,bind,ro {media}")
found["sshd before"] = sshd(f"touch {media}/film")
set_writable(media, True)
found |= {"shown open": mounted(), "other open": other(f"touch {media}/film")}

libc = ctypes.CDLL(None)
watch = libc.inotify_init1(os.O_NONBLOCK)
libc.inotify_add_watch(watch, os.fsencode(media), 0x8)  # IN_CLOSE_WRITE
found["sshd open"] = sshd(f"touch {media}/film")
found["inotify"] = b"film" in os.read(watch, 4096)

# The shell itself keeps a file open for writing.
print(f"exec 3>{media}/film; echo 0", file=sshd_shell.stdin, flush=True)
sshd_shell.stdout.readline()
found |= {"busy": closing(), "shown busy": mounted()}
print("exec 3>&-; echo 0", file=sshd_shell.stdin, flush=True)
sshd_shell.stdout.readline()
found |= {"closed again": closing(), "sshd after": sshd(f"touch {media}/film")}
print(json.dumps(found))
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        (LINE.format("/media", "rw", "rw"), None),
        (LINE.format(MEDIA, "rw", "rw"), True),
        (LINE.format(MEDIA, "rw", "ro"), False),
        (LINE.format(MEDIA, "ro", "rw"), True),
        (LINE.format(MEDIA, "rw", "rw") + LINE.format(MEDIA, "rw", "ro"), False),
        (LINE.format(MEDIA, "rw", "rw").replace(" shared:9", ""), True),
    ],
    ids=["none", "elsewhere", "open", "closed", "open beneath", "on top", "no optional field"],
)
def test_mount_takes_writes_by_its_file_system(text: str, expected: bool | None) -> None:
    assert mounts.parse(text).get(MEDIA) is expected


def test_names_with_blanks_are_whole() -> None:
    assert mounts.parse(LINE.format(r"/media/a\040b\134c", "rw", "rw")) == {
        Path("/media/a b\\c"): True
    }


def test_holding_is_the_nearest_mount_above() -> None:
    seen = {Path("/"): False, MEDIA: True}
    assert mounts.holding(MEDIA / "films/a", seen) == MEDIA
    assert mounts.holding(Path("/media"), seen) == Path("/")


def test_mounts_of_this_machine_can_be_read() -> None:
    assert Path("/") in mounts.read()


def test_set_writable_of_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:
        set_writable(tmp_path / "nothing", True)
    assert caught.value.filename == str(tmp_path / "nothing")


@pytest.mark.net
def test_set_writable_reaches_every_namespace(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        missing("mount namespaces need root")
    found: dict[str, Any] = json.loads(
        subprocess.run(
            ["unshare", "-m", sys.executable, "-c", SCRIPT, str(tmp_path)],
            capture_output=True, text=True, check=True, cwd=PROJECT, timeout=60,
        ).stdout
    )  # fmt: skip
    assert found == {
        "closed": 0, "shown closed": False, "sshd before": 1,
        "shown open": True, "other open": 1, "sshd open": 0, "inotify": True,
        "busy": 16, "shown busy": True,
        "closed again": 0, "sshd after": 1,
    }  # fmt: skip


def test_disk_of_what_is_on_no_disk() -> None:
    with pytest.raises(InputError, match="no partition"):
        mounts.disk_of(Path("/proc"))
