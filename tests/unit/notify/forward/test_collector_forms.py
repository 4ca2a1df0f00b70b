# SPDX-License-Identifier: MIT
"""Each collector's form, with what strangers wrote in it."""

from __future__ import annotations

import json
import re

import pytest

from appliance.notify.forward import collector_forms as forms
from tests.unit.notify.forward.sample_records import LINES, RECORDS

# RFC 5424, section 6, without structured data.
RFC5424 = re.compile(
    rb"<(\d{1,3})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z [!-~]{1,255} [!-~]{1,48} - "
    rb"[!-~]{1,32} - (.*)", re.DOTALL
)  # fmt: skip


def test_syslog_is_rfc_5424() -> None:
    severities = []
    for record, line in zip(RECORDS, LINES, strict=True):
        found = RFC5424.fullmatch(forms.syslog(record, line))
        assert found and found[2].decode() == line and b"\n" not in found[0]
        severities.append(int(found[1]) - 16 * 8)
    assert severities == [4, 2, 6]


def test_frames_say_their_length() -> None:
    assert forms.octet_counted(b"<1>1 x") == b"6 <1>1 x"


def test_a_bulk_is_pairs_of_lines() -> None:
    lines = [json.loads(line) for line in forms.bulk(RECORDS, "alerts").splitlines()]
    assert lines[::2] == [
        {"create": {"_index": "alerts", "_id": f"box-{each}"}} for each in (1, 2, 3)
    ]
    assert lines[3]["alert"] == RECORDS[1]["alert"] and lines[1]["@timestamp"]


def test_what_was_there_already_is_taken() -> None:
    def answer(*statuses: int) -> str:
        items = [{"create": {"status": status}} for status in statuses]
        return json.dumps({"errors": True, "items": items})

    assert forms.refused_in_bulk('{"errors":false}') == 0
    assert forms.refused_in_bulk(answer(201, 409)) == 0
    assert forms.refused_in_bulk(answer(201, 400, 429)) == 2
    for nonsense in ("", "[]", "{}", "<html>"):
        with pytest.raises(ValueError):
            forms.refused_in_bulk(nonsense)


def test_loki_gets_a_stream_for_each_priority() -> None:
    streams = json.loads(forms.loki(RECORDS, LINES))["streams"]
    assert [each["stream"]["priority"] for each in streams] == ["1", "2", "9"]
    (moment, line) = streams[0]["values"][0]
    assert line == LINES[1] and moment == "1795166783000042000"


def test_rows_are_flat() -> None:
    rows = [json.loads(line) for line in forms.rows(RECORDS).splitlines()]
    assert rows[0]["time"] == "2026-11-20 09:26:23.000042" and rows[0]["destination_port"] == 0
    assert rows[1]["message"] == RECORDS[1]["alert"]["signature"]
    assert not any(isinstance(value, dict | list) for row in rows for value in row.values())
