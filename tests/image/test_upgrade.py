# SPDX-License-Identifier: MIT
"""A card that an older image has written goes on in this one, with all that its owner had.

tests/image/old/ holds what was on its DATA partition, at a moment in its second run, as when the
power goes. The users had other numbers then.
"""

from __future__ import annotations

import json
import lzma
import socket
import subprocess
import tarfile
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.alerts.store import AlertReader, AlertStore
from appliance.formats.tzsp import encode
from image.build.context import BUILD
from image.build.image import Image
from image.demo import TZSP_PORT
from image.machine.guest import Forward, Guest
from image.machine.owner import Owner
from image.machine.page_client import PageClient
from tests.conftest import PROJECT
from tests.image import boot
from tests.image.sensor import NUMBERED, frame

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]

OLD = PROJECT / "tests/image/old/data-0.1.0.tar.xz"
PASSWORD = "the password of before"
DATA = "/var/lib/glovebox"
# As on a Pi, whose clock does not run without power.
WITHOUT_CLOCK = ("-rtc", "base=1970-01-02T00:00:00")
STORED_S = 60.0


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the tar `tar`, and its files in `data`."""
    folder = tmp_path_factory.mktemp("old")
    (folder / "tar").write_bytes(lzma.decompress(OLD.read_bytes()))
    with tarfile.open(folder / "tar") as tar:
        tar.extractall(folder / "data", filter="data")
    return folder


@pytest.fixture(scope="module")
def machine(image: Image, old: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """This image with that DATA; what was the owner's file on BOOT is none any more."""
    card = boot.prepared(image, tmp_path_factory.mktemp("card"), {"glovebox.toml": b"[broken"})
    boot.put_data(card, old / "tar")
    forwards = [Forward("udp", TZSP_PORT), Forward("tcp", 80), Forward("tcp", 22)]
    with Guest(card, BUILD, forwards, WITHOUT_CLOCK) as guest:
        boot.started(guest)
        yield guest


@pytest.fixture
def page(machine: Guest, old: Path) -> PageClient:
    """Return the page, for a program that has the token of before."""
    token = (old / "data/web/token").read_text().strip()
    return PageClient(machine.host_port(80), token=token)


def test_every_file_belongs_to_who_keeps_it(machine: Guest, old: Path) -> None:
    assert machine.run("systemctl --failed --plain --no-legend") == ""
    with tarfile.open(old / "tar") as tar:
        before = {member.name: member.uid for member in tar if member.uid}
    listed = machine.run(f"cd {DATA} && find . -printf '%p %U %u %g\n'").splitlines()
    now = {name: (int(uid), user, group) for name, uid, user, group in map(str.split, listed)}
    kept = before.keys() & now.keys()
    assert len(kept) > 10
    for name in kept:
        assert now[name][0] != before[name], "the numbers are the same: this shows nothing"
        assert now[name][1:] == now["./" + name.split("/")[1]][1:], name


def test_settings_hold(machine: Guest) -> None:
    problems = json.loads(machine.run("cat /run/glovebox/settings.json"))["problems"]
    assert len(problems) == 1 and problems[0].startswith("glovebox.toml: ")
    assert machine.run("cat /proc/sys/kernel/hostname") == "oldbox"
    assert machine.run("date +%Z") == "JST"
    assert json.loads(machine.run("glovebox config show"))["alerts"]["keep"] == 12345


def test_time_goes_on_from_the_one_that_was_kept(machine: Guest, old: Path) -> None:
    kept = (old / "data/time/clock").stat().st_mtime
    now = float(machine.run("date +%s"))
    assert now >= kept
    assert "the clock was behind" in machine.run("journalctl -b -o cat -t glovebox-clock")
    machine.run("systemctl start glovebox-clock.service")
    assert float(machine.run(f"stat -c %Y {DATA}/time/clock")) > now


def test_alerts_are_all_there(page: PageClient, old: Path) -> None:
    database = old / "data/alerts/alerts.db"
    # Readers know the newest tables alone: whoever stores has made them by then.
    AlertStore(database, boot="test").close()
    stored = AlertReader(database).after(0, 1000)
    assert len(stored) > 20
    assert stored[-1]["message"] == "OWNER of before"
    shown = page.alerts_after(0)
    assert [told(each) for each in shown[: len(stored)]] == [told(each) for each in stored]


def told(alert: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(alert[name] for name in ("id", "gid", "sid", "message", "source", "destination"))


def test_a_new_alert_by_the_owners_rule_is_stored(machine: Guest, page: PageClient) -> None:
    newest = page.get("api/alerts?limit=1")["alerts"][0]["id"]
    deadline = time.monotonic() + STORED_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
        router.sendto(encode(frame(NUMBERED, 4711)), ("127.0.0.1", machine.host_port(TZSP_PORT)))
    while not (found := page.alerts_after(newest)):
        assert time.monotonic() < deadline, "no alert is stored"
        time.sleep(0.2)
    assert (found[0]["message"], found[0]["source_port"]) == ("OWNER of before", 4711)


def test_addresses_that_devices_have_are_remembered(machine: Guest, old: Path) -> None:
    """What the guard does before it serves, by its user; dnsmasq, by its own, keeps them after."""
    before = (old / "data/dhcp/eth0.leases").read_text().split()
    user = "setpriv --reuid glovebox-dhcp --regid glovebox-dhcp --clear-groups"
    machine.run(f"{user} python3 -c '{KEEP}'")
    now = machine.run(f"cat {DATA}/dhcp/eth0.leases").split()
    assert before[1].startswith("02:77:") and now[1:4] == before[1:4]
    keeper = "setpriv --reuid glovebox-dnsmasq --regid glovebox-dnsmasq --clear-groups"
    machine.run(f"{keeper} test -w {DATA}/dhcp/eth0.leases")


KEEP = f"""
from pathlib import Path
from appliance.dhcp.permission import keep
keep(Path("{DATA}/dhcp/eth0.leases"), 1800000000, 12, 100)
"""


def test_ssh_key_of_the_machine_is_the_same(machine: Guest, old: Path) -> None:
    """Otherwise the owner's PC would warn of an attack."""
    file = old / "data/ssh/ssh_host_ed25519_key"
    file.chmod(0o600)
    kept = printed("ssh-keygen", "-y", "-f", str(file)).split()[:2]
    port = str(machine.host_port(22))
    shown = printed("ssh-keyscan", "-T", "60", "-t", "ed25519", "-p", port, "127.0.0.1")
    assert shown.split()[1:3] == kept


def printed(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=120).stdout


def test_password_and_token_open_the_page(machine: Guest, page: PageClient, old: Path) -> None:
    for name in ("password", "session-key", "token"):
        kept = (old / "data/web" / name).read_text()
        assert machine.run(f"cat {DATA}/web/{name}") == kept.rstrip("\n"), name
    assert page.get("api/status")["level"]
    with pytest.raises(urllib.error.HTTPError, match="401"):
        PageClient(machine.host_port(80), token="none of it").get("api/status")
    owner = Owner(page.url)
    assert not owner.log_in("another password")
    assert owner.log_in(PASSWORD)
    assert "The old box" in owner.read("")
    # And it can be changed: the page may write what the page of before wrote.
    assert owner.change(PASSWORD, "the password of now")
    assert Owner(page.url).log_in("the password of now")
