# SPDX-License-Identifier: MIT
"""The owner's rules in the booted image: tried in the real sandbox, told on BOOT and the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.machine.guest import Guest
from image.machine.page_client import PageClient

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

FOLDER = Path("/var/lib/glovebox/rules.d")
TEXT = "/boot/firmware/glovebox-rules.txt"
SAID = (
    "glovebox status | tr -s '[:space:]' ' '"
    " | grep -q '1 rule and 1 filter of yours in force, 1 left out: my.rules:2'"
)
RULES = """\
alert tcp any any -> any any (msg:"good"; content:"abc"; sid:1001001; rev:1;)
alert tcp any any -> any any (msg:"bad"; pcre:"/(/"; sid:1001002; rev:1;)
suppress gen_id 1, sig_id 1000140
"""


def read_anew(guest: Guest) -> None:
    """Do with the rules what a start does."""
    guest.run("systemctl restart glovebox-ids-config glovebox-ids", 180)
    guest.run("systemctl start glovebox-rules-writeback", 60)
    # Ends by itself, a moment later: then BOOT is read-only again.
    guest.run("systemctl stop glovebox-boot-open", 60)


@pytest.fixture
def told(guest: Guest) -> Iterator[dict[str, object]]:
    """Return what is published of rules of which one is refused; without them, no text is left."""
    guest.run(f"cat >{FOLDER}/my.rules <<'END'\n{RULES}END\ntouch {FOLDER}/my.rules.txt")
    try:
        read_anew(guest)
        yield json.loads(guest.run("cat /run/glovebox/rules.json"))
    finally:
        guest.run(f"rm -f {FOLDER}/my.rules {FOLDER}/my.rules.txt")
        read_anew(guest)
    assert guest.execute(f"test -e {TEXT}", 60)[0] != 0


def test_one_refused_rule_costs_one_rule_and_is_told(
    guest: Guest, page: PageClient, told: dict[str, object]
) -> None:
    assert (told["tried"], told["rules"], told["filters"]) == (True, 1, 1)
    assert told["left_out_count"] == 1
    assert page.get("api/status")["rules"] == told
    text = guest.run(f"cat {TEXT}")
    assert "my.rules:2: " in text and "my.rules.txt: rename it" in text
    assert guest.run("systemctl is-active glovebox-ids").strip() == "active"
    guest.run(f"until {SAID}; do sleep 1; done", 120)
    assert "ro," in guest.run("findmnt -n -o OPTIONS /boot/firmware")
