# SPDX-License-Identifier: MIT
"""Copying films to the card: opened on the page, over SFTP with the owner's key, and closed again.

One machine whose card is large enough for MEDIA, with a real sftp client and a real player on the
host; the tests go on one from the other, and the power is cut at last.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from image.build.context import BUILD
from image.build.image import Image
from image.demo import TZSP_PORT
from image.machine.guest import Forward, Guest
from image.machine.owner import Owner
from tests.image import boot
from tests.movies import avi
from tests.player import Film, Player, fetch

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1200)]

MEDIA = "/media/glovebox"
MEDIA_PORT = 8200
MEDIA_BYTES = 768 << 20
PASSWORD = "the owner's own secret"
NAME = "Käpt'n 千尋"
FILM = avi(4 << 20, seed=1)
LONG = 96 << 20
# In kbit/s: the long film takes minutes, so that it is being written when the window closes.
SLOWLY = 4000


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of films on the owner's PC."""
    folder = tmp_path_factory.mktemp("films")
    (folder / f"{NAME}.avi").write_bytes(FILM)
    (folder / "Lang.avi").write_bytes(avi(LONG, seed=2))
    return folder


@pytest.fixture(scope="module")
def machine(image: Image, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    public = key.with_suffix(".pub").read_text().strip()
    settings = f'[ssh]\nkeys = ["{public}"]\n'.encode()
    card = boot.prepared(image, tmp_path_factory.mktemp("card"), {"glovebox.toml": settings})
    ports = (Forward("udp", TZSP_PORT), *(Forward("tcp", port) for port in (80, 22, MEDIA_PORT)))
    size = card.disk.stat().st_size + MEDIA_BYTES
    with Guest(card, BUILD, ports, disk_bytes=size) as guest:
        mounted(guest)
        yield guest


@pytest.fixture(scope="module")
def owner(machine: Guest) -> Owner:
    """Return the owner at the page, logged in."""
    browser = Owner(f"http://127.0.0.1:{machine.host_port(80)}/")
    assert browser.set_up(PASSWORD)
    return browser


def mounted(guest: Guest) -> None:
    """Wait until the machine has started, and its partition for films is there."""
    boot.started(guest)
    guest.run("systemctl start glovebox-films-partition media-glovebox.mount", 180)


def argv_of(machine: Guest, key: Path, *more: str) -> list[str]:
    options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes",
               "ConnectTimeout=60", "IdentitiesOnly=yes"]  # fmt: skip
    argv = ["sftp", "-q", *more, "-P", str(machine.host_port(22)), "-i", str(key), "-b", "-"]
    return [*argv, *(word for each in options for word in ("-o", each)), "films@127.0.0.1"]


def copy(machine: Guest, key: Path, film: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv_of(machine, key), input=f'put "{film}"\n', capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


def copy_slowly(machine: Guest, key: Path, film: Path) -> subprocess.Popen[str]:
    """Start to copy a film, and return once its first bytes are there."""
    machine.run(f"rm -f {MEDIA}/{film.name}")
    client = subprocess.Popen(
        argv_of(machine, key, "-l", str(SLOWLY)), stdin=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert client.stdin is not None
    client.stdin.write(f'put "{film}"\n')
    client.stdin.close()
    machine.run(f"until [ -s {MEDIA}/{film.name} ]; do sleep 0.1; done", 120)
    return client


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60) -> float:
    """Wait until `condition` holds; return for how long. Raises TimeoutError."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.1)
    return time.monotonic() - start


def is_writable(guest: Guest) -> bool:
    """Tell whether the file system of MEDIA takes writes, as its superblock says."""
    return guest.run(f"findmnt -n -o FS-OPTIONS {MEDIA}").startswith("rw")


def press(machine: Guest, owner: Owner, wanted: str) -> None:
    owner.press("copying", {"wanted": wanted})
    is_open = wanted == "open"
    wait_for(lambda: is_writable(machine) is is_open, f"MEDIA after '{wanted}'")


def part(owner: Owner) -> str:
    """Return what the page shows of copying."""
    return owner.read("").split('id="copying"')[1].split("</div>")[0]


def listed(machine: Guest) -> dict[str, Film]:
    location = f"http://127.0.0.1:{machine.host_port(MEDIA_PORT)}/rootDesc.xml"
    return {film.title: film for film in Player("127.0.0.1").films(location)}


def played(machine: Guest, film: Film) -> bytes:
    """Return the film as a player gets it: the guest tells its own address, not the host's."""
    path = film.url.split("/", 3)[3]
    status, content = fetch(f"http://127.0.0.1:{machine.host_port(MEDIA_PORT)}/{path}")
    assert status == 200
    return content


def test_without_a_key_it_is_refused_and_said(machine: Guest, owner: Owner) -> None:
    keys = "/run/glovebox-settings/authorized_keys"
    machine.run(f"mv {keys} {keys}.away")
    owner.press("copying", {"wanted": "open"})
    wait_for(lambda: "no SSH key is set" in part(owner), "the refusal on the page")
    assert not is_writable(machine)
    machine.run(f"mv {keys}.away {keys}")
    machine.run("while systemctl is-active -q glovebox-films-copying; do sleep 0.1; done", 60)
    assert machine.run("systemctl --failed --plain --no-legend") == ""


def test_media_is_shut_at_first(machine: Guest, owner: Owner, key: Path, films: Path) -> None:
    assert not is_writable(machine)
    refused = copy(machine, key, films / f"{NAME}.avi")
    # The door is open: it is the file system that takes no file.
    assert refused.returncode != 0
    assert "open" in refused.stderr and "Failure" in refused.stderr, refused.stderr
    assert "Refused" in part(owner)


def test_a_film_is_copied_and_served_within_seconds(
    machine: Guest, owner: Owner, key: Path, films: Path
) -> None:
    press(machine, owner, "open")
    wait_for(lambda: "for 60 more min" in part(owner), "the hour on the page")
    assert "Do not pull the power" in part(owner)
    done = copy(machine, key, films / f"{NAME}.avi")
    assert done.returncode == 0, done.stderr
    seconds = wait_for(lambda: NAME in listed(machine), "the film in a player's list")
    print(f"in a player's list {seconds:.1f} s after it was copied")
    assert played(machine, listed(machine)[NAME]) == FILM
    assert machine.run(f"stat -c '%U %a' {MEDIA}") == "films 755"


def test_no_other_service_may_write(machine: Guest) -> None:
    """Neither as its user, nor in its own view of the files."""
    assert is_writable(machine)
    names = machine.run("systemctl list-units --plain --no-legend --state=running 'glovebox-*'")
    services = {line.split()[0] for line in names.splitlines() if ".service" in line.split()[0]}
    tried = 0
    for service in services - {"glovebox-films-copying.service"}:
        shown = machine.run(f"systemctl show {service} -p MainPID -p User")
        values = dict(line.split("=", 1) for line in shown.splitlines())
        if values["MainPID"] == "0" or not values["User"]:
            continue
        user = f"setpriv --reuid {values['User']} --regid glovebox --clear-groups"
        written = f"nsenter -t {values['MainPID']} -m {user} touch {MEDIA}/written"
        assert machine.execute(written)[0] != 0, service
        tried += 1
    assert tried >= 4
    assert machine.execute(f"test -e {MEDIA}/written")[0] == 1


def test_closing_cuts_off_who_still_writes(
    machine: Guest, owner: Owner, key: Path, films: Path
) -> None:
    client = copy_slowly(machine, key, films / "Lang.avi")
    press(machine, owner, "close")
    assert client.wait(120) != 0
    wait_for(lambda: "is read-only" in part(owner), "the page")
    assert copy(machine, key, films / f"{NAME}.avi").returncode != 0
    assert machine.run("systemctl --failed --plain --no-legend") == ""


def test_a_crash_leaves_it_shut(machine: Guest, owner: Owner) -> None:
    press(machine, owner, "open")
    machine.run("systemctl kill --signal=KILL glovebox-films-copying")
    wait_for(lambda: not is_writable(machine), "MEDIA after the crash")
    machine.run("systemctl reset-failed glovebox-films-copying")


def test_after_a_power_cut_it_is_shut_and_whole(
    machine: Guest, owner: Owner, key: Path, films: Path
) -> None:
    """Last in this file: it ends the first boot."""
    press(machine, owner, "open")
    client = copy_slowly(machine, key, films / "Lang.avi")
    machine.cut_power()
    client.wait(300)
    machine.power_on()
    mounted(machine)
    assert not is_writable(machine)
    told = json.loads(machine.run("cat /run/glovebox/films-check.json"))
    assert told["condition"] in ("clean", "repaired")
    device = machine.run(f"findmnt -n -o SOURCE {MEDIA}")
    print(told, machine.run(f"fsck.exfat -n {device}"))
    wait_for(lambda: NAME in listed(machine), "the film that was whole")
    assert played(machine, listed(machine)[NAME]) == FILM
    assert "is read-only" in part(owner)
