# SPDX-License-Identifier: MIT
"""Every line of the kernel with known fields, and those of a real honeypot's firewall."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import DecodeError
from appliance.logs.lines import netfilter_lines
from appliance.logs.lines.event import ANSWER, ATTEMPT, PASSED
from tests.unit.logs.conftest import known_lines
from tests.unit.logs.known_fields import differing

LINE = (
    "Nov 27 14:33:48 fw kernel: [ 4340.097247] {prefix} IN={inside} OUT= MAC= SRC=198.51.100.7 "
    "DST=192.0.2.10 LEN=60 TOS=0x00 PREC=0x00 TTL=44 ID=26245 DF PROTO=TCP SPT=56388 DPT=22 "
    "WINDOW=64240 RES=0x00 {flags} URGP=0 "
)


def test_every_known_line(shared_data: Path) -> None:
    lines = list(known_lines(shared_data, "kernel"))
    assert len(lines) == 4
    for each in lines:
        assert differing(netfilter_lines.parse(each["line"]), each["expect"]) == {}, each["why"]


def test_lines_of_a_honeypot_are_read(shared_data: Path) -> None:
    text = (shared_data / "logs/honeypot/ssh-2023-11-30/firewall__dshield.log").read_text()
    found = [netfilter_lines.parse(line) for line in text.splitlines()]
    assert len(found) >= 9
    assert {packet.before for packet in found} == {"DSHIELDINPUT"}
    assert found[0].source == "204.76.203.13" and found[0].port == 22


@pytest.mark.parametrize(
    ("prefix", "inside", "flags", "role"),
    [("DROP", "eth0", "SYN", ATTEMPT), ("DROP", "eth0", "ACK SYN", ANSWER),
     ("DROP", "eth0", "ACK RST", ANSWER), ("[UFW ALLOW]", "eth0", "SYN", PASSED),
     ("DROP", "", "SYN", PASSED), ("DROP", "eth0", "", ATTEMPT)],
)  # fmt: skip
def test_roles(prefix: str, inside: str, flags: str, role: str) -> None:
    line = LINE.format(prefix=prefix, inside=inside, flags=flags)
    assert netfilter_lines.parse(line).role == role


@pytest.mark.parametrize(
    "damage",
    [("SRC=198", "SRC=398"), ("PROTO=", "PROTI="), ("LEN=60 ", ""), ("DPT=22", "DPT=70000")],
)
def test_damaged_lines_are_refused(damage: tuple[str, str]) -> None:
    line = LINE.format(prefix="DROP", inside="eth0", flags="SYN").replace(*damage)
    with pytest.raises(DecodeError):
        netfilter_lines.parse(line)


def test_a_packet_cut_short_has_no_ports() -> None:
    line = LINE.format(prefix="DROP", inside="eth0", flags="SYN").partition("SPT=")[0]
    assert netfilter_lines.parse(line + "INCOMPLETE [8 bytes] ").port is None


HEAD = "SRC=198.51.100.7 DST=192.0.2.10 LEN=40 TOS=0x00 PREC=0x00 TTL=245 ID=54321 "
TCP = HEAD + "PROTO=TCP SPT=50000 DPT=8291 SEQ=123 ACK=0 WINDOW=1024 RES=0x00 SYN URGP=0 "
DECODED = "MACSRC=02:00:5e:00:53:01 MACDST=02:00:5e:00:53:02 "


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (f"<4>1 2026-11-27T14:33:48+01:00 fw kernel - - - [1.4] nft: IN=eth0 OUT= {TCP}",
         {"port": 8291, "role": ATTEMPT}),
        (f"kernel: IN=br0 OUT=br0 PHYSIN=eth0 PHYSOUT=eth1 {DECODED}VPROTO=8100 VID=10 "
         f"MACPROTO=0800 {TCP}", {"interface": "br0", "out": "br0", "port": 8291}),
        # A prefix without a blank, as many have it.
        (f"Nov 27 14:33:48 fw kernel: DROPIN=eth0 OUT= MAC= {TCP}", {"before": "DROP"}),
        (f"kernel: [ 12.000001] HoneyPot IN=eth0 OUT= MAC= {TCP}", {"before": "HoneyPot"}),
        (f"h kernel: message repeated 3 times: [ [UFW BLOCK] IN=eth0 OUT= {TCP.strip()}]",
         {"role": ATTEMPT}),
        (f"kernel: IN=eth0 OUT= {HEAD}MF FRAG:185 PROTO=UDP ", {"port": None, "role": ATTEMPT}),
        (f"kernel: IN=eth0 OUT= {HEAD}FRAG:0 ID:1234 PROTO=UDP SPT=5353 DPT=5353 LEN=20",
         {"port": 5353}),
        (f"kernel: IN=eth0 OUT= {HEAD}PROTO=ICMPv6 TYPE=128 CODE=0 ID=1 SEQ=1",
         {"number": 58, "role": ATTEMPT}),
        (f"h ulogd[12]: DROP IN=eth0 OUT= MAC= {TCP}MARK=0", {"source_port": 50000}),
    ],
)  # fmt: skip
def test_what_firewalls_write_besides(line: str, fields: dict[str, object]) -> None:
    packet = netfilter_lines.parse(line)
    assert {name: getattr(packet, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("prefix", "role"),
    [("[WAN_LOCAL-D-4000] DESCR=\"Allow nobody\" ", ATTEMPT), ("[WAN_IN-A-2001]", PASSED),
     ("[ipv4-INP-filter-default-D]", ATTEMPT), ("[WAN_IN-10-A]", PASSED), ("ACCEPT ", PASSED),
     ("not allowed: ", ATTEMPT), ("DISALLOW ", ATTEMPT), ("[UFW LIMIT BLOCK] ", ATTEMPT),
     ("[UFW AUDIT INVALID] ", PASSED), ("reject wan in: ", ATTEMPT)],
)  # fmt: skip
def test_a_prefix_tells_what_was_let_through(prefix: str, role: str) -> None:
    line = f"<4>Nov 27 14:33:48 fw kernel: {prefix}IN=eth0 OUT= MAC= {TCP}"
    assert netfilter_lines.parse(line).role == role


@pytest.mark.parametrize(
    "end", ["PROTO=TCP", "PROTO=TCP SPT=500", "PROTO=UDP SPT=1 DPT=", "PROTO=² ", "PROTO=300 "]
)
def test_lines_cut_off_or_of_no_protocol_are_refused(end: str) -> None:
    with pytest.raises(DecodeError):
        netfilter_lines.parse(f"kernel: IN=eth0 OUT= MAC= {HEAD}{end}")
