# SPDX-License-Identifier: MIT
"""From the paste to the block in the booted image: a played router, an owner, and an attack."""

from __future__ import annotations

import html
import json
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from appliance.formats import mndp
from appliance.formats.tzsp import encode
from image.build.context import BUILD
from image.build.image import Image
from image.demo import TZSP_PORT
from image.machine.guest import Forward, Guest
from image.machine.owner import Owner
from image.machine.page_client import PageClient
from tests.conftest import missing
from tests.frames import tcp_frame
from tests.image import boot
from tests.routeros import server, shell, terminal
from tests.routeros.machine import Machine
from tests.routeros.server import ApiServer
from tests.routeros.shell import Shell
from tests.unit.formats.test_mndp import MAC, announcement
from tests.unit.router.test_verify import LISTS

pytestmark = [pytest.mark.image, pytest.mark.long, pytest.mark.timeout(1800)]

# QEMU's own network has the host there.
HOST = "10.0.2.2"
ATTACKER, VICTIM = "45.66.77.88", "192.168.88.20"
PASSWORD = "the owner's password"
PATIENCE_S = 300.0
LIST = "/ip/firewall/address-list"
SYN, ACK, PUSH = 2, 16, 8
DATA = "/var/lib/glovebox"


@dataclass
class Home:
    """The sensor, its owner, and the router that it is to block on."""

    guest: Guest
    owner: Owner
    machine: Machine
    api: ApiServer
    ssh: Shell | None
    pin: str
    cable: Path

    def report(self) -> dict[str, Any]:
        status, text = self.guest.execute("cat /run/glovebox/blocking.json", 60)
        return dict(json.loads(text)) if status == 0 else {}

    def in_force(self) -> list[list[str]]:
        return [each["routers"] for each in self.report().get("blocked", ())]

    def rows(self) -> list[str]:
        with self.machine.lock:
            return [row["address"] for row in self.machine.rows(LIST)]

    def wish(self, **fields: str) -> None:
        """Press a button of the tab."""
        self.owner.press("router/wish", fields, page="router")

    def press_console(self, **fields: str) -> None:
        """Press a button of the console."""
        self.owner.press("router/console", fields, page="router/console")

    def attack(self) -> None:
        """Stream a whole connection in which a bot drives a shell over telnet."""
        port = 30000 + int(time.monotonic()) % 30000
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
            for frame in conversation(port, b"/bin/busybox MIRAI\r\n"):
                router.sendto(encode(frame), ("127.0.0.1", self.guest.host_port(TZSP_PORT)))


def conversation(port: int, content: bytes) -> list[bytes]:
    """Return the frames of a connection to telnet that says `content`."""
    there, back = (ATTACKER, port, VICTIM, 23), (VICTIM, 23, ATTACKER, port)
    return [
        segment(*there, 1000, 0, SYN), segment(*back, 5000, 1001, SYN | ACK),
        segment(*there, 1001, 5001, ACK), segment(*there, 1001, 5001, ACK | PUSH, content),
        segment(*back, 5001, 1001 + len(content), ACK),
    ]  # fmt: skip


def segment(
    source: str, source_port: int, destination: str, destination_port: int, sequence: int,
    acknowledged: int, flags: int, content: bytes = b"",
) -> bytes:  # fmt: skip
    tcp = struct.pack("!HHIIBBHHH", source_port, destination_port, sequence, acknowledged, 5 << 4,
                      flags, 8192, 0, 0) + content  # fmt: skip
    return tcp_frame(IPv4Address(source).packed, IPv4Address(destination).packed, tcp)


@pytest.fixture(scope="module")
def home(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Boot an image whose owner has named a router; nothing is pasted yet."""
    folder = tmp_path_factory.mktemp("blocking")
    certificate = server.certificate(folder)
    machine = Machine("7.22.1")
    terminal.paste(machine, LISTS)
    (keys := folder / "ssh").mkdir()
    with ExitStack() as stack:
        api = stack.enter_context(server.serving(machine, certificate))
        ssh = stack.enter_context(shell.serving(machine, keys)) if shell.can_serve() else None
        settings = (
            f'[router]\nrouters = [{{ name = "home", address = "{HOST}", port = {api.port},'
            f' ssh_port = {ssh.port if ssh else 22}, capture = "mangle", adlist = true }}]\n'
        )
        card = boot.prepared(image, folder, {"glovebox.toml": settings.encode()})
        forwards = [Forward("udp", TZSP_PORT), Forward("udp", mndp.PORT), Forward("tcp", 80)]
        cable = folder / "cable"
        serial = ["-chardev", f"socket,id=cable,path={cable},server=on,wait=off",
                  "-device", "qemu-xhci", "-device", "usb-serial,chardev=cable"]  # fmt: skip
        with Guest(card, BUILD, forwards, serial) as guest:
            boot.started(guest)
            owner = Owner(PageClient(guest.host_port(80)).url)
            assert owner.set_up(PASSWORD)
            yield Home(guest, owner, machine, api, ssh, server.pin(certificate), cable)


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def pasted(page: str, label: str) -> str:
    found = re.search(rf'aria-label="{label}"><code>(.*?)</code>', page, re.DOTALL)
    assert found is not None, f"the page has no block {label}"
    return html.unescape(found[1])


def test_the_story_of_a_block(home: Home) -> None:
    """Paste, trust, attack in a dry run, on, row, restart, row again, lift, undo."""
    before = terminal.export(home.machine)
    page = home.owner.read("router")
    undo = pasted(page, "RouterOS commands to undo it on home")
    assert terminal.paste(home.machine, pasted(page, "RouterOS commands for home")) == []
    # The host is the router here: it may read the names of the lists, without any key.
    (adlist,) = home.machine.tables["/ip/dns/adlist"]
    assert adlist["url"].endswith("/feeds/lists/hosts.txt")
    stranger = PageClient(home.guest.host_port(80))
    assert stranger.read("feeds/lists/hosts.txt", PATIENCE_S) == b""
    until(lambda: home.pin in home.owner.read("router"), "no certificate is shown")
    home.wish(kind="trust", what="home", certificate=home.pin)
    until(
        lambda: any(each["reached"] for each in home.report().get("routers", ())),
        "the router is not reached",
    )

    def attacked() -> object:
        home.attack()
        return f"{ATTACKER}/32" in json.dumps(home.report().get("blocked"))

    until(attacked, "nobody would be blocked")
    assert "this is who would be" in home.owner.read("router") and home.rows() == []

    home.machine.connection(f"{ATTACKER}:4444", f"{VICTIM}:23")
    home.guest.run(f"printf '[block]\\nmode = \"on\"\\n' >{DATA}/glovebox.toml")
    home.guest.run("systemctl restart glovebox-blocking", 120)
    until(lambda: home.rows() == [ATTACKER], "no row on the router")
    until(lambda: home.in_force() == [["home"]], "the row is not proved")
    assert home.machine.rows("/ip/firewall/connection") == []
    assert home.machine.packet(ATTACKER)
    home.machine.reboot()
    until(lambda: home.rows() == [ATTACKER], "the row is not back")

    home.wish(kind="lift", what=f"{ATTACKER}/32")
    until(lambda: home.rows() == [], "it is not lifted")

    def told() -> object:
        home.attack()
        return "was lifted by hand" in json.dumps(home.report().get("spared"))

    until(told, "nothing is said of what was lifted")
    assert home.rows() == []
    assert "seen first" in home.owner.read("router/changes")
    assert terminal.paste(home.machine, undo) == []
    assert terminal.export(home.machine) == before


def test_no_secret_of_the_router_is_for_others(home: Home) -> None:
    secret: str = json.loads(home.guest.run(f"cat {DATA}/router/home/secret.json"))["password"]
    assert home.guest.execute(f"journalctl -b --no-pager | grep -c {secret}")[1].strip() == "0"
    for user in ("glovebox-alerts", "glovebox-ids", "glovebox-supervisor", "nobody"):
        group = "nogroup" if user == "nobody" else user
        reading = f"setpriv --reuid {user} --regid {group} --init-groups"
        assert home.guest.execute(f"{reading} cat {DATA}/router/home/secret.json")[0] != 0, user


def test_the_service_reaches_nobody_but_the_router(home: Home) -> None:
    user = "setpriv --reuid glovebox-blocking --regid glovebox-blocking --clear-groups python3 -c"
    words = "import socket; socket.create_connection(({!r}, {}), 10)"
    home.guest.run(f'{user} "{words.format(HOST, home.api.port)}"')
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert home.guest.execute(f'{user} "{words.format(HOST, port)}"')[0] != 0


def test_its_files_are_its_own(home: Home) -> None:
    shown = home.guest.run(
        f"stat -c '%U %G %a %n' {DATA}/router {DATA}/router/home {DATA}/blocking"
    )
    assert [line.split()[:3] for line in shown.splitlines()] == [
        ["glovebox-blocking", "glovebox-web", "2750"],
        ["glovebox-blocking", "glovebox-web", "2750"],
        ["glovebox-blocking", "glovebox", "700"],
    ]


def test_devices_nearby_are_found_when_the_owner_asks(home: Home) -> None:
    """The unit starts for the button, hears a device, and ends by itself."""
    home.owner.press("router/look", {}, page="router")
    place = ("127.0.0.1", home.guest.host_port(mndp.PORT))

    def found() -> object:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
            device.sendto(announcement((1, MAC), (5, b"attic")), place)
        return "attic" in home.owner.read("router")

    until(found, "the device is not found")
    until(
        lambda: "inactive" in home.guest.execute("systemctl is-active glovebox-neighbours", 60)[1],
        "it does not end",
    )
    journal = home.guest.run("journalctl -b -u glovebox-neighbours --no-pager")
    assert "nobody is asked" not in journal and "rror" not in journal


def test_a_router_is_typed_into_over_a_serial_cable(home: Home) -> None:
    """The machine has a real driver for the cable's chip; the host is the router at its end."""
    with socket.socket(socket.AF_UNIX) as router:
        router.settimeout(PATIENCE_S)
        router.connect(str(home.cable))
        home.press_console(kind="look")
        found = re.compile(r"<option>([^<]*(?:usb|ttyUSB)[^<]*)</option>", re.IGNORECASE)
        until(lambda: found.search(home.owner.read("router/console")), "no line is found")
        line = found.search(home.owner.read("router/console"))
        assert line is not None
        home.press_console(kind="open", port=html.unescape(line[1]), speed="115200")
        until(lambda: "Send with Enter" in home.owner.read("router/console"), "it is not opened")
        home.press_console(kind="type", text="admin")
        # What the machine sends first is what was typed.
        assert router.recv(6) == b"admin\r"
        router.sendall(b"\x1b[1mMikroTik <Login>\r\n")
        until(lambda: "MikroTik &lt;Login&gt;" in home.owner.read("router/console"), "not shown")
        # xterm.js is there, of Debian's package, and goes to a browser that asks for it.
        script = re.search(r'data-script="/([^"]*)"', home.owner.read("router/console"))
        assert script and len(home.owner.read(html.unescape(script[1]))) > 200_000
        home.press_console(kind="close")
    # What a router says over it is for the page alone.
    for user in ("glovebox-alerts", "glovebox-supervisor"):
        reading = f"setpriv --reuid {user} --regid {user} --init-groups"
        place = "/run/glovebox-console/console.json"
        assert home.guest.execute(f"{reading} cat {place}")[0] != 0, user


def test_a_router_is_typed_into_over_ssh(home: Home) -> None:
    """OpenSSH's client within its sandbox, through the firewall; the owner types yes himself."""

    if home.ssh is None:
        missing("an sshd with users of its own needs root, and openssh-server")

    def shows(words: str) -> None:
        until(lambda: words in home.owner.read("router/console"), f"not shown: {words}")

    home.press_console(kind="open", router="home", user="admin")
    shows("yes/no")
    home.press_console(kind="type", text="yes")
    shows("password: ")
    home.press_console(kind="type", text="secret")
    shows("[admin@MikroTik] &gt;")
    assert home.ssh.typed == b""
    home.press_console(kind="type", text="/system resource print")
    shows("RB5009UG+S+")
    home.press_console(kind="close")
    assert home.ssh.key in home.guest.run(f"cat {DATA}/console/known_hosts")
    # Of the network it reaches the routers' SSH, and nothing else.
    probe = "python3 -c 'import socket; socket.create_connection((\"10.0.2.2\", 9), 3)'"
    as_console = "setpriv --reuid glovebox-console --regid glovebox --clear-groups"
    status, said = home.guest.execute(f"{as_console} {probe} 2>&1", 60)
    assert status != 0 and "timed out" in said
