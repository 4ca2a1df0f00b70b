# SPDX-License-Identifier: MIT
"""API, REST and SSH of a played router tell the same, each to somebody else's client."""

from __future__ import annotations

import json
import urllib.request
from base64 import b64encode
from pathlib import Path

import librouteros
import pytest

from appliance.router import secure_shell
from appliance.router.secure_shell import ShellAddress
from tests.routeros import rest, server, shell, terminal
from tests.routeros.machine import Machine
from tests.routeros.test_rest import VERSIONS

LIST = "/ip/firewall/address-list"
LINES = f"{LIST} add list=a address=192.0.2.7 comment=seven\n{LIST} add list=b address=192.0.2.8\n"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_list_is_the_same_by_librouteros_urllib_and_openssh(
    shared_data: Path, tmp_path: Path, version: str
) -> None:
    machine = Machine(version)
    assert terminal.paste(machine, LINES) == []
    with server.serving(machine) as api:
        client = librouteros.connect("127.0.0.1", "admin", "secret", port=api.port)
        by_api = [dict(row) for row in client.path(LIST)]
        client.close()
    with rest.serving(machine) as web:
        request = urllib.request.Request(f"{web.url}{LIST}")
        request.add_header("Authorization", f"Basic {b64encode(b'admin:secret').decode()}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            by_rest = json.load(answer)
    with shell.serving(machine, tmp_path) as console:
        place = ShellAddress("127.0.0.1", console.port, console.key)
        said = secure_shell.run(place, "admin", "secret", f"{LIST} print", 60.0)
    assert by_api == by_rest and [row["address"] for row in by_rest] == ["192.0.2.7", "192.0.2.8"]
    lines = said.splitlines()
    assert len(lines) == 2 and 'address="192.0.2.7" comment="seven"' in lines[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_keys_of_users_come_in_as_the_version_knows_them(shared_data: Path, version: str) -> None:
    """`import key-owner=` is of 7.12.2 to 7.20.8, `info` of 7.21 and later."""
    schema = Machine(version).schema
    old = schema.since("/user/ssh-keys", "import", ["key-owner"])
    new = schema.since("/user/ssh-keys", "import", ["info"])
    assert (old, new) == (version in ("7.17", "7.18"), version == "7.24")
