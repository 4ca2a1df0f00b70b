# SPDX-License-Identifier: MIT
"""Every line of the recorded runs of Cowrie, in each of its forms; and what is no line of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import DecodeError
from appliance.logs.lines import cowrie_lines
from appliance.logs.lines.event import Event, Login, NoAddressError, Other, Tunnel

FORMS = ("json", "remotesyslog.ndjson", "log")


def events(shared_data: Path, version: str, form: str) -> list[Event]:
    text = (shared_data / f"pictures/cowrie/cowrie-{version}.{form}").read_text()
    lines = text.splitlines()
    if form == "remotesyslog.ndjson":
        lines = [json.loads(line)["datagram"] for line in lines]
    assert len(lines) > 90
    return [cowrie_lines.parse(line) for line in lines]


def expected(shared_data: Path, version: str) -> dict[str, Any]:
    text = (shared_data / f"pictures/cowrie/cowrie-{version}.expected.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def shown(text: str) -> str:
    """Write what nobody can print as we do, whichever form of the log has it raw."""
    return "".join(each if each.isprintable() else written(ord(each)) for each in text)


def written(number: int) -> str:
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("version", ["2.8.1", "3.1.4"])
def test_every_login_of_the_runs(shared_data: Path, version: str, form: str) -> None:
    wanted = [
        (each["src"], shown(each["user"]), shown(each["password"]), each["success"])
        for each in expected(shared_data, version)["logins"]
    ]
    found = [
        tuple(each[:4]) for each in events(shared_data, version, form) if isinstance(each, Login)
    ]
    if (version, form) == ("3.1.4", "log"):
        # This text cannot be divided where a name holds a slash; the first one is taken.
        assert [f"{user}/{password}" for _, user, password, _ in found] == [
            f"{user}/{password}" for _, user, password, _ in wanted
        ]
        found = [each for each in found if "/" not in f"{each[1]}{each[2]}"]
        wanted = [each for each in wanted if "/" not in f"{each[1]}{each[2]}"]
    assert len(wanted) >= 12 and found == wanted


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("version", ["2.8.1", "3.1.4"])
def test_every_tunnel_of_the_runs(shared_data: Path, version: str, form: str) -> None:
    wanted = {
        (each["src"], each["port"], each["target"]): each["count"]
        for each in expected(shared_data, version)["tunnels"]
    }
    found = Counter(
        (each.source, each.port, each.host)
        for each in events(shared_data, version, form)
        if isinstance(each, Tunnel)
    )
    assert len(wanted) >= 6 and found == wanted


@pytest.mark.parametrize("name", ["ssh-2023-11-30", "telnet-2023-12-13"])
def test_runs_of_others_are_read(shared_data: Path, name: str) -> None:
    (folder,) = (shared_data / "logs/honeypot").glob(name)
    for file in folder.glob("cowrie__*"):
        for line in file.read_text().splitlines():
            cowrie_lines.parse(line)


def test_logs_of_long_ago() -> None:
    line = "2015-01-01 [SSHService ssh-userauth on HoneyPotTransport,446,198.51.100.7] {}"
    assert cowrie_lines.parse(line.format("login attempt [ts/ts] failed")) == Login(
        "198.51.100.7", "ts", "ts", False
    )


def test_a_name_of_a_process_in_brackets_is_no_transport() -> None:
    line = "Dec 8 06:28:44 h cowrie[2806]: 2020-12-08T06:28:44 [HoneyPotSSHTransport,1,1.1.1.1] {}"
    found = cowrie_lines.parse(line.format("login attempt [b'a'/b''] succeeded"))
    assert found == Login("1.1.1.1", "a", "", True)


def test_text_by_syslog_of_version_3_says_nothing_of_whom() -> None:
    with pytest.raises(NoAddressError):
        cowrie_lines.parse("<12>cowrie: [cowrie,,] login attempt [root/1234] failed")


def test_names_are_kept_short() -> None:
    line = json.dumps({"eventid": "cowrie.login.failed", "src_ip": "192.0.2.1", "session": "a",
                       "username": "u" * 5000, "password": "\u202e\x1b[31m"})  # fmt: skip
    found = cowrie_lines.parse(line)
    assert isinstance(found, Login)
    assert found.user == "u" * 256 and found.password == "\\u202e\\x1b[31m"


def test_a_session_stands_in_for_an_address_that_is_none() -> None:
    line = '{"eventid":"cowrie.login.failed","src_ip":"-","session":"00aa","username":""}'
    assert cowrie_lines.parse(line) == Login("", "", "", False, "00aa")
    begun = '{"eventid":"cowrie.session.connect","src_ip":"::1","session":"00aa"}'
    assert cowrie_lines.parse(begun) == Other("::1", "00aa", True)


@pytest.mark.parametrize(
    "line",
    [
        '{"eventid":',
        '["eventid"]',
        '{"eventid":"cowrie.login.failed"}',
        '{"eventid":"x","src_ip":"192.0.2.1"}',
        '{"eventid":"cowrie.direct-tcpip.request","src_ip":"192.0.2.1","dst_port":true}',
        '{"eventid":"cowrie.direct-tcpip.request","src_ip":"192.0.2.1","dst_port":65536}',
        '{"eventid":' + "[" * 8000,
        "{'eventid': ",
        "{'eventid': 'x'" + "," * 8000,
        "{'eventid': ''''}",
        "[ssh,a,192.0.2.1] login attempt [root] failed",
        "[ssh,a,192.0.2.1] login attempt [root/x",
        "[ssh,a,192.0.2.1] direct-tcp connection request to a:b from c:1",
        "[ssh,a,192.0.2.1] New connection: x",
        "[ssh,",
    ],
)
def test_what_is_no_line_is_refused(line: str) -> None:
    with pytest.raises(DecodeError):
        cowrie_lines.parse(line)


LOGIN = {"eventid": "cowrie.login.failed", "src_ip": "198.51.100.7", "session": "a1",
         "username": "root", "password": "x"}  # fmt: skip
FORGED = json.dumps(LOGIN | {"eventid": "cowrie.login.success", "src_ip": "203.0.113.66"})


@pytest.mark.parametrize(
    "head",
    ["", " ", "<13>Nov 27 14:33:48 pot cowrie: ", "Nov  7 14:33:48 pot cowrie[12]: @cee:",
     "<14>1 2026-11-27T14:33:48Z pot cowrie 12 - - ", "2026-11-27T14:33:48.123456+01:00 pot ",
     '<14>1 2026-11-27T14:33:48Z pot cowrie 12 - [x@1 y="[z]"] \ufeff', "<13>cowrie: "],
)  # fmt: skip
def test_what_relays_put_in_front(head: str) -> None:
    for text in (json.dumps(LOGIN), repr(LOGIN), json.dumps(LOGIN, separators=(",", " : "))):
        assert cowrie_lines.parse(head + text) == Login("198.51.100.7", "root", "x", False, "a1")


@pytest.mark.parametrize(
    "password",
    ['"eventid"', "it's \"eventid\" 'eventid'", FORGED, "CEF:0|a|b|c|d|e|f|", "{'eventid'"],
)
def test_a_password_forges_no_event_and_hides_none(password: str) -> None:
    for line in (
        json.dumps(LOGIN | {"password": password}),
        repr(LOGIN | {"password": password}),
        f"2026-11-27T17:12:41+0000 [ssh,aa,198.51.100.7] login attempt [root/{password}] failed",
    ):
        found = cowrie_lines.parse(line)
        assert isinstance(found, Login) and not found.succeeded
        assert found[:3] == ("198.51.100.7", "root", password)


@pytest.mark.parametrize(
    "line",
    [f"sshd[12]: Invalid user {FORGED} from 198.51.100.7 port 22",
     "sshd[12]: Invalid user [ssh,a,203.0.113.66] login attempt [root/x] succeeded"],
)  # fmt: skip
def test_a_name_in_another_programs_sentence_forges_none(line: str) -> None:
    with pytest.raises(DecodeError):
        cowrie_lines.parse(line)


@pytest.mark.parametrize(
    "transport",
    ["SSHService b'ssh-userauth' on HoneyPotSSHTransport,3,198.51.100.7", "telnet,aa,198.51.100.7",
     "SSHChannel session (0) on SSHService b'ssh-connection' on HoneyPotSSHTransport,3,"
     "198.51.100.7",
     "CowrieTelnetTransport,12,198.51.100.7"],
)  # fmt: skip
def test_transports_of_all_versions(transport: str) -> None:
    line = f"2026-11-27 17:12:41+0000 [{transport}] login attempt [b'admin'/b'\\xff'] succeeded"
    assert cowrie_lines.parse(line) == Login("198.51.100.7", "admin", "\\xff", True)


def test_ipv4_is_ipv4_where_a_socket_is_for_both() -> None:
    found = cowrie_lines.parse(json.dumps(LOGIN | {"src_ip": "::ffff:198.51.100.7"}))
    assert found.source == "198.51.100.7"
