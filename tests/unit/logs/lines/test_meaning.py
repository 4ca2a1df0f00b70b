# SPDX-License-Identifier: MIT
"""Which format a line has; what the owner's words do; and how long the worst lines take."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.logs.lines.event import (
    ATTEMPT,
    PASSED,
    Event,
    LoggedPacket,
    Login,
    NoAddressError,
    NotForUsError,
    Other,
    Tunnel,
)
from appliance.logs.lines.meaning import MOST_SESSIONS, Reader, understand
from tests.unit.logs.conftest import a_line, known_lines

FORGED = "input: in:x out:y, proto TCP (SYN), 203.0.113.66:1->192.0.2.10:22, len 40"


def test_every_known_line_finds_its_format(shared_data: Path) -> None:
    for each in known_lines(shared_data, "routeros", "kernel", "pf"):
        if each["expect"]:
            assert isinstance(understand(each["line"]), LoggedPacket)
        else:
            with pytest.raises(DecodeError):
                understand(each["line"])


def test_cef_of_the_firewall_alone_counts(shared_data: Path) -> None:
    first, second = known_lines(shared_data, "routeros-cef")
    packet = understand(first["line"])
    assert isinstance(packet, LoggedPacket)
    assert (packet.chain, packet.source, packet.port) == ("input", "198.51.100.7", 23)
    with pytest.raises(NotForUsError):
        understand(second["line"])


def test_cef_of_the_honeypot() -> None:
    line = "CEF:0|Cowrie|Cowrie|1|1|login|5|src=198.51.100.7 msg=login attempt [root/a b] failed"
    assert understand(line) == Login("198.51.100.7", "root", "a b", False)


@pytest.mark.parametrize("before", ["", "Nov 27 14:33:48 pot cowrie: ", "cowrie: [cowrie] "])
@pytest.mark.parametrize(
    ("message", "more", "event"),
    [("login attempt [a/b/c/d] failed", " duser=a/b", Login("192.0.2.1", "a/b", "c/d", False)),
     ("login attempt [x/y\\=z src\\=6.6.6.6] succeeded", " duser=x",
      Login("192.0.2.1", "x", "y=z src=6.6.6.6", True)),
     ("direct-tcp connection request to mail.example:25 from 127.0.0.1:2", "",
      Tunnel("192.0.2.1", "mail.example", 25)),
     ("CMD: login attempt [x/y] failed", "", Other("192.0.2.1", ""))],
)  # fmt: skip
def test_cef_of_cowrie_3(before: str, message: str, more: str, event: Event) -> None:
    line = f"CEF:0|Cowrie|Cowrie|1.0|e|e|5|app=SSHv2 msg={message} src=192.0.2.1 proto=tcp{more}"
    assert understand(before + line) == event


def test_what_begins_first_is_the_writers() -> None:
    """A password may look like a line of a router, and must neither pass for one nor hide."""
    forged = f"CEF:0|MikroTik|a|b|c|firewall,info|Low|msg={FORGED}"
    for line in (
        json.dumps({"eventid": "cowrie.login.failed", "src_ip": "192.0.2.1", "username": "root",
                    "password": forged}),
        f"2026-11-27T17:12:41+0000 [ssh,aa,192.0.2.1] login attempt [root/{forged}] failed",
    ):  # fmt: skip
        assert understand(line) == Login("192.0.2.1", "root", forged, False)


@pytest.mark.parametrize(
    "line",
    [
        f"dhcp,info lan assigned 192.168.88.9 to {FORGED}",
        f"<30>Nov 27 14:33:48 gate system,error,critical login failure for {FORGED}",
        f"2026-11-27T14:33:50+01:00 gate dhcp,info {FORGED}",
        "system,info,account user admin logged in",
    ],
)
def test_no_line_of_another_topic_passes(line: str) -> None:
    with pytest.raises(NotForUsError):
        understand(line)


def test_words_of_the_owner() -> None:
    plain = Reader().read(a_line())
    assert isinstance(plain, LoggedPacket) and plain.role == ATTEMPT
    for words, role in ((("BLOCK",), ATTEMPT), (("DROP", "x"), PASSED)):
        packet = Reader(words).read(a_line())
        assert isinstance(packet, LoggedPacket) and packet.role == role


def test_a_session_gives_its_source() -> None:
    reader = Reader()
    told = '{{"eventid":"{}","src_ip":"{}","session":"{}","username":"u","password":"p"}}'
    reader.read(told.format("cowrie.session.connect", "198.51.100.7", "a"))
    assert reader.read(told.format("cowrie.login.failed", "-", "a")).source == "198.51.100.7"
    with pytest.raises(NoAddressError):
        reader.read(told.format("cowrie.login.failed", "-", "b"))
    for number in range(MOST_SESSIONS):
        reader.read(told.format("cowrie.session.connect", "198.51.100.8", f"s{number}"))
    with pytest.raises(NoAddressError):
        reader.read(told.format("cowrie.login.failed", "-", "a"))


PIECE_TEXTS = (
    "proto ", ": in:", " out:", ", ", "TCP (SYN)", "1.2.3.4:5->", "->", "NAT (", ", len 60", "(",
    "CEF:0|", "|||||||", "msg=", "a=", " IN=", " SRC=", " PROTO=", "SPT=1 DPT=", "filterlog",
     ",,,,", '"eventid"', "'eventid'", "{", "}", "[", "]", "'", '"', "\\", "b'", "'/b'", ":",
     "] login attempt [", "] direct-tcp connection request to ", "] failed", "HoneyPot",
     "firewall,info ", "<134>Nov 27 14:33:48 ", "connection-state:", "x", " ", "9", "kernel: [",
     "[a,b,::] ", '{"a":', "filterlog a b [", "-A", "IN=a OUT=b", "PROTO=TCP ", "2026-11-27",
     "\ufeff",
)  # fmt: skip
PIECES = st.sampled_from(PIECE_TEXTS)


@given(st.lists(PIECES, max_size=60), st.integers(1, 200))
def test_nothing_but_a_refusal_comes_of_odd_lines(pieces: list[str], times: int) -> None:
    line = ("".join(pieces) * times)[:8192]
    try:
        event = understand(line)
    except DecodeError:
        return
    assert event.source is not None and len(str(event)) < 4000


WORST = {
    "proto": "proto " * 1400,
    "in": ": in:" * 1600,
    "ends": "proto TCP, " + "1" * 54 + "->" + ": in:" * 1500,
    "parentheses": "a: in:b out:c, proto TCP (" + "x" * 8000,
    "translated": ": in:proto TCP, 1.1.1.1->1.1.1.1, NAT " + "(" * 8000,
    "kernel": "IN=" * 2700 + " SRC= PROTO=",
    "kernel, blanks": " IN=a OUT=b" + " A=" * 2600 + " SRC=1 PROTO=",
    "pf": "filterlog" + "," * 8000,
    "cef": "CEF:0|a|b|c|1|n|L|" + "a" * 8100,
    "cef, keys": "CEF:0|a|b|c|1|n|L|" + " a=" * 60 + "\\=" * 3900,
    "json, deep": '{"eventid":' + "[" * 8100,
    "json, many": '{"eventid":[' + "[]," * 2600 + "0]}",
    "json, escapes": '{"eventid":"' + "\\u0041" * 1300 + '","src_ip":"::1"}',
    "repr, signs": "{'eventid':" + "[]" * 4000,
    "repr, texts": "{'eventid': " + "''," * 2700,
    "repr, list": "{'eventid': [" + "'', " * 2000,
    "repr, escapes": "{'eventid': '" + "\\x" * 4000 + "'}",
    "text, brackets": "[ssh," + "] " * 4000,
    "text, bytes": "[ssh,a,1.1.1.1] login attempt [b'" + "\\'" * 4000 + "] failed",
    "text, halves": "[ssh,a,1.1.1.1] login attempt [" + "b'/" * 2700 + "] failed",
    "connection": "[ssh,a,1.1.1.1] New connection: " + " [session: " * 700,
    "topics": "a," * 4000,
    "json, digits": '{"eventid":' + "9" * 4200 + "}",
    "kernel, actions": "["
    + "-A-1" * 470
    + " IN=a OUT=b SRC=1.1.1.1 DST=1.1.1.1 LEN=1 PROTO=TCP SPT=1 DPT=2",
    "transports": ("[" + "a" * 160 + ",b,::") * 45 + "] ",
    "pf, heads": "filterlog a b [" * 500,
    "heads": "2026-11-27" * 29 + '{"eventid"' * 700,
    "nothing": "\0" * 8192,
}


@pytest.mark.parametrize("name", WORST)
def test_worst_lines_are_refused_or_read(name: str) -> None:
    """How long each takes is printed; docs/developer/logs.md has the figures."""
    line = WORST[name]
    begin = time.perf_counter()
    with contextlib.suppress(DecodeError):
        understand(line)
    spent = (time.perf_counter() - begin) * 1e6
    print(json.dumps({"line": name, "µs/KB": round(spent / (len(line) / 1024), 1)}))
