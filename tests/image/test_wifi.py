# SPDX-License-Identifier: MIT
"""Wi-Fi for real: the kernel's simulated radios, hostapd as the home's access point, our image.

One radio stays with the machine, the other goes into a namespace that plays the home: access point,
router with DHCP, and a PC that asks for the machine's name. The cable is up all the while.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.formats import tzsp
from image.build import boards, disk
from image.build.context import BUILD, BuildContext
from image.build.image import Image
from image.build.tools_root import build_tools
from image.demo import TZSP_PORT, counters
from image.machine.guest import Forward, Guest
from image.progress import StageProgress
from tests.image import boot

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1200)]

PASSWORD = "correct horse battery"
SETTINGS = f"""\
[system]
hostname = "wifibox"
[wifi]
country = "DE"
networks = [
    {{ ssid = "Elsewhere", password = "another passphrase" }},
    {{ ssid = "Home", password = "{PASSWORD}" }},
]
"""
LAB = "/run/lab"
WPA2 = "wpa_key_mgmt=WPA-PSK\nwpa_passphrase={}"
WPA3 = "wpa_key_mgmt=SAE\nsae_password={}\nieee80211w=2\nsae_require_mfp=1\nsae_pwe=2"
JOINED = "/usr/lib/systemd/systemd-networkd-wait-online --interface=wlan0:routable --timeout="
# A PC's question for wifibox.local over multicast DNS (RFC 6762), and the address that comes back.
ASK = """\
import socket, struct
question = struct.pack("!6H", 0, 0, 1, 0, 0, 0) + b"\\x07wifibox\\x05local\\0" + b"\\0\\1\\0\\1"
pc = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
pc.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
pc.bind(("", 5353))
pc.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
              socket.inet_aton("224.0.0.251") + socket.inet_aton("10.9.0.1"))
pc.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.9.0.1"))
pc.settimeout(2)
for attempt in range(20):
    pc.sendto(question, ("224.0.0.251", 5353))
    try:
        while True:
            answer, source = pc.recvfrom(9000)
            if answer[2] & 0x80 and b"\\x07wifibox" in answer and source[0] != "10.9.0.1":
                print(source[0])
                raise SystemExit(0)
    except TimeoutError:
        continue
raise SystemExit(1)
"""


@pytest.fixture(scope="module")
def machine(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    folder = tmp_path_factory.mktemp("wifi")
    card = boot.prepared(image, folder, {"glovebox.toml": SETTINGS.encode()})
    forwards = [Forward("udp", TZSP_PORT), Forward("tcp", 80)]
    drive = ["-drive", f"file={lab(image, folder)},if=virtio,format=raw,readonly=on"]
    with Guest(card, BUILD, forwards, drive) as guest:
        boot.started(guest)
        prepare_home(guest)
        yield guest


def lab(image: Image, folder: Path) -> Path:
    """Return a disk with the programs that play the home; the product has no use for them."""
    tools = build_tools(BuildContext(boards.choose("vm"), StageProgress()))
    (folder / "lab").mkdir()
    for program in ("hostapd", "iw"):
        shutil.copy(tools.root / "usr/sbin" / program, folder / "lab")
    target = folder / "lab.vfat"
    disk.make_fat(tools, folder / "lab", "LAB", "1ab01ab0", 40 << 20, target, folder / "lab.log")
    return target


def prepare_home(guest: Guest) -> None:
    guest.run(f"mkdir -p {LAB} && mount -o ro,exec LABEL=LAB {LAB}")
    guest.run("modprobe mac80211_hwsim radios=2 && udevadm settle")
    guest.run(
        "ip netns add home && ip -n home link set lo up &&"
        f" {LAB}/iw phy phy1 set netns name home && ip -n home addr add 10.9.0.1/24 dev wlan1"
    )
    guest.run(
        "systemd-run --unit=home-dhcp -p NetworkNamespacePath=/run/netns/home /usr/sbin/dnsmasq -k"
        " --conf-file=/dev/null --port=0 --interface=wlan1 --dhcp-range=10.9.0.50,10.9.0.60"
        " --dhcp-option=3,10.9.0.1 --dhcp-leasefile=/run/home.leases --user=root"
    )


def access_point(guest: Guest, security: str) -> None:
    """Have the home's access point come up, in the place of the one before."""
    lines = ["interface=wlan1", "driver=nl80211", "ssid=Home", "hw_mode=g", "channel=1", "wpa=2",
             "rsn_pairwise=CCMP", security]  # fmt: skip
    text = "\n".join(lines)
    guest.run(f"cat > /run/hostapd.conf <<'END'\n{text}\nEND")
    gone(guest)
    guest.run(
        "systemd-run --collect --unit=home-ap -p NetworkNamespacePath=/run/netns/home"
        f" {LAB}/hostapd /run/hostapd.conf"
    )


def gone(guest: Guest) -> None:
    """Have the access point out of range."""
    guest.execute("systemctl stop home-ap")


def address(guest: Guest) -> str:
    guest.run(JOINED + "150", 180)
    shown = json.loads(guest.run("ip -j -4 addr show dev wlan0"))[0]["addr_info"]
    return next(str(entry["local"]) for entry in shown if entry["local"].startswith("10.9."))


@pytest.mark.parametrize("security", [WPA2, WPA3], ids=["WPA2", "WPA3"])
def test_joins_the_home(machine: Guest, security: str) -> None:
    access_point(machine, security.format(PASSWORD))
    assert address(machine).startswith("10.9.0.")
    kind = machine.run(f"{LAB}/iw dev wlan0 link")
    assert "SSID: Home" in kind


def test_country_of_the_settings_holds(machine: Guest) -> None:
    assert "country DE" in machine.run(f"{LAB}/iw reg get")


def test_cable_goes_before_wifi_and_wifi_takes_over(machine: Guest) -> None:
    access_point(machine, WPA2.format(PASSWORD))
    address(machine)
    assert " dev eth0 " in machine.run("ip route get 198.51.100.1")
    machine.run("ip link set eth0 down")
    assert " dev wlan0 " in machine.run("ip route get 198.51.100.1")
    machine.run("ip link set eth0 up")
    machine.run(JOINED.replace("wlan0", "eth0") + "60", 90)
    assert " dev eth0 " in machine.run("ip route get 198.51.100.1")


def test_name_and_page_are_there_over_wifi(machine: Guest) -> None:
    access_point(machine, WPA2.format(PASSWORD))
    ours = address(machine)
    machine.run(f"cat > /run/ask.py <<'END'\n{ASK}\nEND")
    assert machine.run("ip netns exec home python3 /run/ask.py", 120) == ours
    page = f"import urllib.request as u; print(u.urlopen('http://{ours}/setup').status)"
    assert machine.run(f'ip netns exec home python3 -c "{page}"', 120) == "200"


def test_wrong_password_is_no_end(machine: Guest) -> None:
    """The access point's password was changed; once it is as in the settings, we are back."""
    gone(machine)
    access_point(machine, WPA2.format("not the passphrase"))
    machine.run("journalctl -b -u glovebox-wifi@wlan0 --since=now -f -n 0 -o cat"
                " | grep -m1 -E 'WRONG_KEY|pre-shared key may be incorrect'", 180)  # fmt: skip
    assert machine.execute(JOINED + "1")[0] != 0
    access_point(machine, WPA2.format(PASSWORD))
    assert address(machine)


def test_out_of_range_and_back_disturbs_no_capture(machine: Guest) -> None:
    access_point(machine, WPA2.format(PASSWORD))
    address(machine)
    before = counters(machine)["frames_sent"]
    gone(machine)
    machine.run("timeout 100 sh -c 'while [ $(cat /sys/class/net/wlan0/carrier) = 1 ];"
                " do sleep 0.2; done'", 120)  # fmt: skip
    frame = bytes(12) + b"\x08\x00" + bytes(46)
    send(machine, [tzsp.encode(frame)] * 50)
    access_point(machine, WPA2.format(PASSWORD))
    address(machine)
    send(machine, [tzsp.encode(frame)] * 50)
    machine.run("glovebox selftest", 150)
    assert counters(machine)["frames_sent"] - before >= 100
    assert machine.run("systemctl --failed --plain --no-legend") == ""


def send(machine: Guest, datagrams: list[bytes]) -> None:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
        for datagram in datagrams:
            router.sendto(datagram, ("127.0.0.1", machine.host_port(TZSP_PORT)))
