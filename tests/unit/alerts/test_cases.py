# SPDX-License-Identifier: MIT
"""Odd records of both engines, and odd filters, beside the project: what is stored and found.

The records and the questions are the shared ones; the answers stand here.
"""

from __future__ import annotations

import html
import json
import re
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance.alerts.follower import Follower
from appliance.alerts.store import AlertReader, AlertStore
from appliance.ids.eve_spool import EveSpool
from appliance.ids.handover import Handover
from appliance.ids.naming import Naming
from appliance.ids.unified2_spool import Unified2Spool
from tests.web.alerts import add, an_alert


def values_of(script: Path, begin: str, end: str) -> dict[str, Any]:
    """Return what a script defines between two places: its records, none of what it asks us."""
    part = script.read_text().partition(begin)[2].partition(end)[0]
    values: dict[str, Any] = {"json": json, "socket": socket, "struct": struct}
    exec(begin.lstrip() + part, values)  # noqa: S102
    return values


def stored(source: Handover, folder: Path) -> tuple[list[dict[str, Any]], int]:
    """Return the alerts that are in the store afterwards, and how many records were unreadable."""
    follower = Follower(source, folder / "alerts.db", "boot", 1000, is_clock_set=lambda: True)
    follower.finish()
    report = follower.report()
    assert report.error is None
    return AlertReader(folder / "alerts.db").after(0, 100), report.unreadable


# How many alerts come of it, and how many lines are counted as unreadable.
EVE = {
    "plain": (1, 0),
    "merged after a broken packet (evebox #69), next is whole": (1, 1),
    "no event_type (cuckoo-modified #359)": (0, 1),
    "alert on ARP, no addresses": (1, 0),
    "IPv6 zone id": (0, 1),
    "empty src_ip": (0, 1),
    "ICMP with type and code": (1, 0),
    "proto 3 digits": (1, 0),
    "target keyword (mikrocata2selks #29)": (1, 0),
    "vlan, tx_id, metadata, app_proto": (1, 0),
    "time without zone (py-idstools #79)": (0, 1),
    "time with Z": (1, 0),
    "port as text": (0, 1),
    "port 0": (1, 0),
    "severity 255": (1, 0),
    "category null": (0, 1),
    "rev missing": (0, 1),
    "gid 0 (FEVER)": (1, 0),
    "NUL in signature": (1, 0),
    "invalid UTF-8 in signature": (0, 1),
    "long signature 60 kB": (1, 0),
    "long signature 70 kB": (0, 1),
    "drop": (0, 0),
    "blank lines and CRLF": (1, 1),
    "UTF-8 BOM": (1, 0),
    "emoji": (1, 0),
    "year 2106+": (1, 0),
    "1970": (1, 0),
    "duplicate line": (2, 0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EVE)
def test_odd_lines_of_suricata(name: str, shared_cases: Path, tmp_path: Path) -> None:
    cases = values_of(shared_cases / "rules/14-eve-odd.py", "\ndef rec(", "\nfor name,")["cases"]
    assert cases.keys() == EVE.keys()
    (tmp_path / "alert.100.json").write_bytes(b"\n".join(cases[name]) + b"\n")
    alerts, unreadable = stored(EveSpool(tmp_path), tmp_path)
    assert (len(alerts), unreadable) == EVE[name]
    assert {alert["sid"] for alert in alerts} <= {2001219}


# The rules of the alerts that come of it, and how many records are counted as unreadable.
UNIFIED2 = {
    "v4 104, v4 7 (no VLAN tail), v6 105, v6 72": ([469, 469, 1638, 1638], 0),
    "packet and extra data between (2, 110)": ([469, 470], 0),
    "unknown types 111, 112, 207 (Snort with AppID), 999": ([469, 471], 0),
    "IPv4-mapped IPv6": ([1638], 0),
    "ICMP type/code in ports; proto 255 scan; SCTP; GRE": ([469, 1, 469, 469], 0),
    "time goes back; 2038; 2106; 0; usec >= 1e6": ([469] * 6, 0),
    "last record cut": ([469], 0),
    "record cut, then whole ones behind it": ([469, 473, 474, 475], 1),
    "header only": ([], 0),
    "zeros at the end": ([469], 1),
    "4 GB length": ([469], 1),
    "event shorter than its type": ([469], 1),
    "sid of SO rule, priority 0, sid 0": ([12345, 0], 0),
}


@pytest.mark.parametrize("name", UNIFIED2)
def test_odd_records_of_snort(name: str, shared_cases: Path, tmp_path: Path) -> None:
    cases = values_of(shared_cases / "rules/15-unified2-odd.py", "\nV4=", "\nfor name,")["cases"]
    assert cases.keys() == UNIFIED2.keys()
    (tmp_path / "alert.u2.100.1795165900").write_bytes(b"".join(cases[name]))
    naming = Naming(tmp_path / "none", tmp_path / "none")
    alerts, unreadable = stored(Unified2Spool(tmp_path, naming), tmp_path)
    assert ([alert["sid"] for alert in alerts], unreadable) == UNIFIED2[name]


# Which rows a question finds; words stand for the reason why it cannot be answered.
FOUND: list[tuple[dict[str, str], list[int] | str]] = [
    ({"address": "192.168.88.20"}, [0]),
    ({"address": " 192.168.88.20 "}, [0]),
    ({"address": "192.168.88.0/24"}, [0, 1, *range(6, 13)]),
    ({"address": "192.168.88."}, [0, 1, *range(6, 13)]),
    ({"address": "192.168.88"}, [0, 1, *range(6, 13)]),
    ({"address": "192.168.088.020"}, "without zeros before"),
    ({"address": "::ffff:192.0.2.1"}, [3]),
    ({"address": "::ffff:c000:201"}, [3]),
    ({"address": "192.0.2.1"}, [3]),
    ({"address": "fe80::1"}, [2]),
    ({"address": "fe80::1%eth0"}, [2]),
    ({"address": "[fe80::1]"}, [2]),
    ({"address": "FE80:0:0:0:0:0:0:1"}, [2]),
    ({"address": "::1.2.3.4"}, [4]),
    ({"address": "::102:304"}, [4]),
    ({"address": "2001:db8:0:1:1:1:1:1"}, [5]),
    ({"address": "2001:db8::1:1:1:1:1"}, [5]),
    ({"address": "tablet"}, "No device called 'tablet'"),
    ({"text": "%"}, [1]),
    ({"text": "_"}, [1]),
    ({"text": "cpu_LOAD"}, [1]),
    ({"text": "ÄRGER"}, [6]),
    ({"text": "🐾"}, [6]),
    ({"text": "<b>"}, [8]),
    ({"text": "evil"}, [7]),
    ({"text": "inside"}, [10]),
    ({"text": "'"}, [8]),
    ({"text": "\\"}, []),
    ({"text": "here\nnew"}, [9]),
    ({"text": "x" * 101}, "is too long"),
    ({"text": "scan plain "}, [0]),
    ({"text": "plain scan"}, []),
    ({"sid": "100"}, [0]),
    ({"sid": "1:100"}, [0]),
    ({"sid": "1:100:20"}, [0]),
    ({"sid": " 100"}, [0]),
    ({"sid": "-1"}, "is no rule"),
    ({"sid": "abc"}, "is no rule"),
    ({"sid": "9" * 20}, "is no rule"),
    ({"priority": "2"}, [*range(13)]),
    ({"priority": "5"}, []),
    ({"priority": "high"}, "is no priority"),
    ({"before": "abc"}, "before"),
    ({"page": "abc"}, "page"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "row"),
    [("/alerts", r"/alerts/row\?sid=1:1(\d\d)\b"), ("/alerts/stream", r"sid=1:1(\d\d)\b")],
)
def test_odd_questions(
    page: str, row: str, shared_cases: Path, client: FlaskClient, store: AlertStore
) -> None:
    rows = values_of(shared_cases / "rules/13-filters.py", "\nrows=", "\nadd(s,")["rows"]
    add(
        store,
        [
            an_alert(source=source, destination=destination, message=message, sid=100 + number)
            for number, (source, destination, message) in enumerate(rows)
        ],
    )
    for question, expected in FOUND:
        answer = client.get(page, query_string=question)
        if isinstance(expected, str):
            assert (answer.status_code, 'name="address"' in answer.text) == (400, True)
            assert expected in html.unescape(answer.text)
        else:
            found = {int(number) for number in re.findall(row, answer.text)}
            assert (question, answer.status_code, found) == (question, 200, set(expected))
