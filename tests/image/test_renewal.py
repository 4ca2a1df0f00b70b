# SPDX-License-Identifier: MIT
"""A rule set in the booted image: taken in the real sandbox, switched, watched, and given up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from image.machine.guest import Guest
from image.machine.page_client import PageClient

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(900)]

DOWNLOAD = Path("/var/lib/glovebox/fetched/rules/et-open")
CHOSEN = Path("/var/lib/glovebox/rulesets/chosen.json")
RULES = "\n".join(
    f'alert tcp any any -> any 80 (msg:"made {n}"; content:"evil{n}"; sid:{2_000_000 + n}; rev:1;)'
    for n in range(50)
)


def report(guest: Guest) -> dict[str, object]:
    found = json.loads(guest.run("cat /run/glovebox/renewal.json"))
    assert isinstance(found, dict)
    return found


def test_a_set_comes_into_force_and_is_given_up(guest: Guest, page: PageClient) -> None:
    guest.run(f"echo '[\"et-open\"]' >{CHOSEN}")
    guest.run(f"chown glovebox-renewal:glovebox {CHOSEN}; chmod 640 {CHOSEN}")
    # The path unit sees what was fetched.
    guest.run(f"cat >{DOWNLOAD}.new <<'END'\n{RULES}\nEND\nchown glovebox-fetch {DOWNLOAD}.new")
    guest.run(f"chmod 640 {DOWNLOAD}.new; mv {DOWNLOAD}.new {DOWNLOAD}")
    guest.run("until grep -q '50 rules in force' /run/glovebox/renewal.json; do sleep 1; done", 500)
    found = report(guest)
    assert found["in_force"] and not found["doing"]
    link = guest.run("readlink /var/lib/glovebox/rulesets/*/in-force").strip()
    assert link == found["in_force"]
    assert guest.run("systemctl is-active glovebox-ids").strip() == "active"
    assert link in guest.run("cat /run/glovebox-ids/snort.conf")
    assert "50 rules added" in page.read("intel").decode()
    guest.run(f"rm -f {CHOSEN} {DOWNLOAD}; systemctl start glovebox-renewal", 300)
    assert report(guest)["in_force"] == ""
    assert "rulesets" not in guest.run("grep ^include /run/glovebox-ids/snort.conf")
