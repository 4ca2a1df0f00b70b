# SPDX-License-Identifier: MIT
"""Rules and lists that renew themselves, in the booted image, as their owner meets them.

The Internet is a server of HTTPS on the host, under the names of the makers; no unit is changed but
for whose certificates are trusted.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import ssl
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from appliance.errors import GuestError
from appliance.formats.tzsp import encode
from image.build.context import BUILD
from image.build.image import Image
from image.demo import TZSP_PORT, page_of, wait_ready
from image.machine.guest import Forward, Guest
from image.machine.owner import Owner
from tests import frames
from tests.image import boot
from tests.unit.intel.sample_lists import SYN, segment

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1800)]

PASSWORD = "correct horse battery"
SETTINGS = b'[intel]\nsources = ["spamhaus-drop"]\n'
# As QEMU's own network calls the host.
HOST = "10.0.2.2"
NAMES = ("rules.emergingthreats.net", "www.spamhaus.org")
SECRET = b"what only a newer rule knows"
RULES = "\n".join(
    [
        'alert udp any any -> any any (msg:"NEWER attack"; content:"only a newer rule";'
        " sid:2900001; rev:1;)",
        *(f'alert tcp any any -> any 80 (msg:"made {n}"; content:"evil{n}"; sid:{2_000_000 + n};)'
          for n in range(50)),
    ]
)  # fmt: skip
LISTED = "203.0.113.0/24"
DROP = f'{{"cidr":"{LISTED}","sblid":"SBL1","rir":"ripencc"}}\n{{"type":"metadata","records":1}}\n'
STEP_S = 600.0


def archive() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("rules/newer.rules")
        entry.size = len(RULES.encode())
        tar.addfile(entry, io.BytesIO(RULES.encode()))
    return packed.getvalue()


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Serve both as their makers do, on the port of HTTPS; return the certificate."""
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "certificate.pem"
    names = ",".join(f"DNS:{name}" for name in NAMES)
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    argv += ["-nodes", "-days", "3650", "-subj", "/CN=made", "-keyout", str(key)]
    argv += ["-addext", f"subjectAltName={names}", "-out", str(made)]
    subprocess.run(argv, check=True, capture_output=True)
    served = {"/drop/drop_v4.json": DROP.encode()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = served.get(self.path) or archive()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    server = ThreadingHTTPServer(("127.0.0.1", 443), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def sensor(
    image: Image, tmp_path_factory: pytest.TempPathFactory, internet: Path
) -> Iterator[Guest]:
    """Boot it with a list named on the card, and the Internet that is played."""
    card = boot.prepared(image, tmp_path_factory.mktemp("card"), {"glovebox.toml": SETTINGS})
    with Guest(card, BUILD, [Forward("udp", TZSP_PORT), Forward("tcp", 80)]) as guest:
        wait_ready(guest)
        guest.run(f"cat >/run/made.pem <<'END'\n{internet.read_text()}END")
        lines = "".join(f"{HOST} {name}\\n" for name in NAMES)
        guest.run(f"cp /etc/hosts /run/hosts; printf '{lines}' >>/run/hosts")
        guest.run("chmod 644 /run/hosts /run/made.pem; mount --bind /run/hosts /etc/hosts")
        drop_in = "/run/systemd/system/glovebox-fetch.service.d"
        guest.run(f"mkdir -p {drop_in}; printf '[Service]\\nEnvironment=SSL_CERT_FILE=/run/made.pem"
                  f"\\n' >{drop_in}/made.conf; systemctl daemon-reload")  # fmt: skip
        guest.run("systemctl restart glovebox-fetch", 120)
        yield guest


def send(guest: Guest, frame: bytes) -> None:
    """Send a frame as a router would."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
        router.sendto(encode(frame), ("127.0.0.1", guest.host_port(TZSP_PORT)))


def attack() -> bytes:
    return frames.ethernet(frames.ipv4(frames.udp(SECRET, 9, 9), source=bytes((192, 0, 2, 9))))


def call(device: int) -> bytes:
    """Return a device's first packet to a listed address."""
    source, destination = bytes((192, 0, 2, device)), bytes((203, 0, 113, 9))
    packet = frames.ipv4(segment(flags=SYN), protocol=6, source=source, destination=destination)
    return frames.ethernet(packet)


def until(said: Callable[[], object], what: str, seconds: float = STEP_S) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, GuestError):
            if said():
                return
        assert time.monotonic() < deadline, what
        time.sleep(1.0)


def messages(guest: Guest) -> list[str]:
    """Return what the alerts say, by the page."""
    return [str(each["message"]) for each in page_of(guest).alerts_after(0)]


def told(guest: Guest, name: str) -> dict[str, object]:
    found = json.loads(guest.run(f"cat /run/glovebox/{name}.json"))
    assert isinstance(found, dict)
    return found


def finds_both(guest: Guest, device: int) -> None:
    """Show an attack that the rules of the Internet know, and a call to who is listed."""
    before = messages(guest)
    says = f"Known bad: connection to {LISTED} (says spamhaus-drop)"
    for frame, message in ((attack(), "NEWER attack"), (call(device), says)):
        # What an engine misses in its first moment comes again.
        def told_of(frame: bytes = frame, message: str = message) -> bool:
            send(guest, frame)
            return messages(guest).count(message) > before.count(message)

        until(told_of, message)
    print(f"{time.monotonic() - guest.started:.0f} s: both were told", flush=True)


def test_from_the_choice_on_the_page_to_a_boot_without_internet(sensor: Guest) -> None:
    owner = Owner(f"http://127.0.0.1:{sensor.host_port(80)}/")
    assert owner.set_up(PASSWORD)
    # It is offered, and nothing of it is fetched.
    assert "et-open" in owner.read("intel")
    assert sensor.execute("test -e /var/lib/glovebox/fetched/rules/et-open")[0] != 0
    owner.press("intel/rules", {"choose": "et-open"}, "intel")
    until(lambda: "51 rules in force" in str(told(sensor, "renewal")), "rules in force")
    assert "51 rules added" in owner.read("intel")
    print(f"{time.monotonic() - sensor.started:.0f} s: the rules are in force", flush=True)
    until(lambda: told(sensor, "intel")["indicators"] == 1, "the list in force")
    finds_both(sensor, 1)
    assert told(sensor, "renewal")["in_force"]
    is_allowed_and_undone(sensor, owner)
    sensor.run("sync")
    sensor.cut_power()
    # No name of a maker leads anywhere now.
    sensor.power_on()
    wait_ready(sensor)
    assert sensor.execute("grep emergingthreats /etc/hosts")[0] != 0
    until(lambda: told(sensor, "intel")["indicators"] == 1, "the list in force again")
    finds_both(sensor, 4)


def is_allowed_and_undone(guest: Guest, owner: Owner) -> None:
    """Allow the entry by a click, see that it is hidden and shown, and undo it."""
    says = f"Known bad: connection to {LISTED} (says spamhaus-drop)"
    assert "spamhaus-drop" in owner.read("intel?q=203.0.113.9")
    owner.press("intel", {"allow": LISTED}, "intel?q=203.0.113.9")
    until(lambda: "Allow 203.0.113.0/24 no more" in owner.read("intel"), "allowed")
    before = messages(guest).count(says)
    send(guest, call(2))
    until(lambda: told(guest, "intel")["quiet"] == {LISTED: 1}, "met and allowed")
    assert messages(guest).count(says) == before
    owner.press("intel", {"undo": LISTED}, "intel")
    until(lambda: "no more" not in owner.read("intel"), "undone")
    send(guest, call(3))
    until(lambda: messages(guest).count(says) == before + 1, "told again")
