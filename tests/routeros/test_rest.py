# SPDX-License-Identifier: MIT
"""The played router's REST: recorded exchanges of a real one are answered the same."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.routeros import rest, terminal
from tests.routeros.machine import Machine
from tests.routeros.rest import RestServer

VERSIONS = ("7.9", "7.17", "7.18", "7.24")
LIST = "/ip/firewall/address-list"


@pytest.fixture(params=VERSIONS)
def server(shared_data: Path, request: pytest.FixtureRequest) -> Iterator[RestServer]:
    machine = Machine(request.param)
    lines = (
        "/ip address add address=192.168.88.1/24 interface=ether1\n"
        "/user/group add name=some policy=api,read,rest-api\n"
        "/user add name=eva group=some password=x\n"
        "/user/group add name=web policy=rest-api,read,write\n"
        "/user add name=tom group=web password=x\n"
    )
    assert terminal.paste(machine, lines) == []
    with rest.serving(machine) as running:
        yield running


def ask(
    server: RestServer, method: str, place: str, body: object = None, user: str = "admin:secret",
    kind: str = "application/json",
) -> tuple[int, Any]:  # fmt: skip
    """Ask with the standard library's client, which knows nothing of RouterOS."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}{place}", content, method=method)
    request.add_header("Authorization", f"Basic {base64.b64encode(user.encode()).decode()}")
    if content is not None:
        request.add_header("Content-Type", kind)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_recorded_exchanges_are_answered_the_same(server: RestServer, shared_data: Path) -> None:
    file = shared_data / "routeros/centrs/transport-rest-q8.v7.23.2.json"
    played, made = 0, ""
    for row in json.loads(file.read_text())["rows"]:
        if row["method"] not in rest.VERBS or "dns/cache" in row["url"]:
            continue
        place = row["url"].removeprefix("/rest").replace("*1", made or "*1")
        status, answer = ask(server, row["method"], place, row.get("body"))
        assert status == row["status"], (row["rule"], answer)
        made = answer[".id"] if row["method"] == "PUT" else made
        if "singleton" in row["rule"]:
            assert isinstance(answer, dict)
        if "proplist" in row["rule"]:
            assert set(answer[0]) == {"address", "interface"}
        played += 1
    assert played == 8


def test_what_is_gone_is_gone(server: RestServer) -> None:
    _, row = ask(server, "PUT", LIST, {"list": "a", "address": "192.0.2.7"})
    assert ask(server, "DELETE", f"{LIST}/{row['.id']}")[0] == 204
    assert ask(server, "DELETE", f"{LIST}/{row['.id']}")[0] == 404
    assert ask(server, "DELETE", f"{LIST}/%2A1")[0] == 400


def test_rights_are_those_of_the_group(server: RestServer) -> None:
    _, row = ask(server, "PUT", LIST, {"list": "a", "address": "192.0.2.8"})
    status, told = ask(server, "PATCH", f"{LIST}/{row['.id']}", {"comment": "x"}, "eva:x")
    assert (status, told["detail"]) == (400, "missing or invalid resource identifier")
    status, told = ask(server, "PUT", LIST, {"list": "a", "address": "192.0.2.9"}, "eva:x")
    assert told["detail"] == "not enough permissions (9)"
    # Both policies are needed.
    assert ask(server, "GET", LIST, user="tom:x")[1]["detail"] == "std failure: not allowed (9)"
    assert ask(server, "GET", LIST, user="admin:wrong")[0] == 401


def test_what_it_does_not_know_it_refuses(server: RestServer) -> None:
    assert ask(server, "PUT", LIST, {"list": "a"}, kind="text/plain")[0] == 415
    status, told = ask(server, "PUT", LIST, {"list": "a", "address": "192.0.2.1", "junk": "x"})
    assert (status, told["detail"]) == (400, "unknown parameter junk")
    status, told = ask(server, "PUT", LIST, {"list": "a", "address": "192.0.2.1"})
    status, told = ask(server, "PUT", LIST, {"list": "a", "address": "192.0.2.1"})
    assert "already have such entry" in told["detail"]


def test_a_version_knows_what_it_knows(server: RestServer) -> None:
    """`max-packet-size` of the sniffer came with 7.19, the list of adverts with 7.15."""
    status, told = ask(server, "POST", "/tool/sniffer/set", {"max-packet-size": "1500"})
    new = server.machine.version == "7.24"
    assert (status == 200) == new, told
    status, _ = ask(server, "POST", "/ip/dns/adlist/add", {"url": "https://example.com/x"})
    assert (status == 200) == (server.machine.version != "7.9")
