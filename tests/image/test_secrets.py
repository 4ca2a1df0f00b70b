# SPDX-License-Identifier: MIT
"""Marked secrets wherever a card can hold one, and a search through all of the booted image.

QEMU's own network: what is sent leads nowhere, and what went wrong is told.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from appliance.formats.tzsp import encode
from image.build.context import BUILD
from image.build.image import Image
from image.demo import TZSP_PORT
from image.machine.guest import Forward, Guest
from image.machine.owner import Owner
from tests.frames import ethernet, ipv4, udp
from tests.image import boot

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1200)]

MARK, TOKEN, PASSWORD = "MARKED", "MARKED-api-token-0123456789", "MARKED-page-password"
NOWHERE = "10.0.2.2:9"
SETTINGS = f"""\
[system]
hostname = "box"
[web]
password = "{PASSWORD}"
api_token = "{TOKEN}"
[wifi]
country = "DE"
networks = [{{ ssid = "Home", password = "MARKED-wifi" }}]
[access_point]
passphrase = "MARKED-access-point"
[router]
routers = [{{ name = "home", address = "10.0.2.2" }}]
[intel]
sources = ["https://{NOWHERE}/MARKED-list/key", "urlhaus-hosts"]
[rules]
sources = ["https://{NOWHERE}/rules.tar.gz?oinkcode=MARKED"]
[notify]
channels = [
  {{ name = "phone", way = "ntfy", to = "http://{NOWHERE}/MARKED-topic", secret = "MARKED-ntfy" }},
  {{ name = "hook", way = "webhook", to = "http://{NOWHERE}/MARKED?MARKED", secret = "MARKED-hook" }},
  {{ name = "chat", way = "telegram", to = "1", secret = "123456:MARKED-telegram", server = "http://{NOWHERE}" }},
  {{ name = "post", way = "mail", to = "me@example.org", server = "{NOWHERE}", secret = "MARKED-mail" }},
  {{ name = "team", way = "other", secret = "json://u:MARKED-apprise@{NOWHERE}/MARKED-json" }},
  {{ name = "home", way = "mqtt", server = "{NOWHERE}", user = "u", secret = "MARKED-mqtt" }},
]
[forward]
targets = [
  {{ name = "loki", way = "loki", to = "http://{NOWHERE}/MARKED-loki", user = "u", secret = "MARKED-basic" }},
]
"""  # noqa: E501
# What cannot be used, so that errors tell of it on BOOT and the page.
BROKEN = SETTINGS + '[forward2]\n[dhcp]\nprofile = "MARKED-no-secret"\n'
RULE = 'alert udp any any -> any 7777 (msg:"TEST"; priority:1; sid:1009999; rev:1;)\n'
PAGES = (
    "", "alerts", "alerts/stream", "alerts/quiet", "devices", "devices/list", "intel", "router",
    "messages", "system", "settings", "settings/file", "metrics", "api/status", "api/alerts",
    "api/rows", "api/devices", "hosts", "countries", "fireplot", "honeypot",
)  # fmt: skip
TRIED = "test $(grep -o '\"answered\":[1-9]' /run/glovebox/notify-send.json | wc -l) -ge 7"
# Files in which one stands and that anybody but its owner may read, of all that this machine wrote.
OPEN_FILES = (
    f"grep -rlIs {MARK} /run /tmp /var /boot/firmware/glovebox-*.txt --exclude-dir=credentials"
    " | xargs -r stat -c '%A %n' | grep -v '^-rw*-*------- ' || true"
)
# All services of ours read the settings that are not secret: addresses of lists are among them.
FOR_SERVICES = {"/run/glovebox-settings/glovebox.toml", "/run/glovebox/page-settings.json"}


@pytest.fixture(scope="module")
def machine(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    files = {"glovebox.toml": SETTINGS.encode()}
    card = boot.prepared(image, tmp_path_factory.mktemp("card"), files)
    with Guest(card, BUILD, [Forward("udp", TZSP_PORT), Forward("tcp", 80)]) as guest:
        boot.started(guest)
        guest.run(f"cat >/var/lib/glovebox/rules.d/test.rules <<'END'\n{RULE}END")
        guest.run("systemctl restart glovebox-ids-config glovebox-ids", 180)
        yield guest


@pytest.fixture(scope="module")
def worked(machine: Guest) -> Guest:
    """Have all done that uses a secret: channels and collectors tried, lists asked for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
        frame = encode(ethernet(ipv4(udp(b"x" * 60, 7777))))
        router.sendto(frame, ("127.0.0.1", machine.host_port(TZSP_PORT)))
    machine.run(f"until {TRIED}; do sleep 1; done", 300)
    machine.run("until test -e /run/glovebox/fetch.json; do sleep 1; done", 300)
    return machine


def found_in(text: str) -> list[str]:
    """Return where a mark stands, with what is around it."""
    return [text[max(0, each.start() - 60) : each.end() + 20] for each in re.finditer(MARK, text)]


def test_no_page_and_no_answer_has_one(worked: Guest) -> None:
    owner = Owner(f"http://127.0.0.1:{worked.host_port(80)}/")
    assert owner.log_in(PASSWORD)
    for path in PAGES:
        text = owner.read(path)
        assert text and not found_in(text), path


def test_nothing_is_in_the_journal_or_the_list_of_processes(worked: Guest) -> None:
    journal = worked.run("journalctl -b --no-pager -o cat", 120)
    assert "loki" in journal and not found_in(journal)
    processes = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null"
    # The shell that looks for it names it, too.
    assert worked.run(f"{processes} | grep -ac MARK[E]D || true").strip() == "0"


def test_files_that_hold_one_are_their_owners_alone(worked: Guest) -> None:
    lines = worked.run(OPEN_FILES, 120).splitlines()
    assert {line.split()[-1] for line in lines} <= FOR_SERVICES, lines
    names = worked.run(f"find /run /var /tmp -xdev -name '*{MARK}*'")
    assert names == ""


def test_config_show_and_what_is_told_of_errors(worked: Guest) -> None:
    # In what all services read there is none that could be left out.
    assert '"box"' in (shown := worked.run("glovebox config show"))
    assert not found_in(shown)
    worked.run(f"cat >/run/broken.toml <<'END'\n{BROKEN}END")
    _, told = worked.execute("glovebox config check /run/broken.toml")
    worked.run("rm /run/broken.toml")
    assert "no such section" in told
    assert [each for each in found_in(told) if "MARKED-no-secret" not in each] == []
