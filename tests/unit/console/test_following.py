# SPDX-License-Identifier: MIT
"""What is sent to an open terminal: each byte once, in order, and afresh for another line."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from appliance.console.following import STREAM_S, OpenTerminal, follow
from appliance.console.screen import SIZE, Ring
from appliance.reports.console import ConsoleReport


def publish(folder: Path, ring: Ring, holder: str = "me", port: str = "a", error: str = "") -> None:
    ConsoleReport(1.0, ("a",), port, 0, holder, ring.came(), ring.total, error).publish(folder)


def read(event: str) -> dict[str, Any]:
    number, content, *rest = event.split("\n")
    assert rest == ["", ""] and number.startswith("id: ")
    values: dict[str, Any] = json.loads(content.removeprefix("data: "))
    return {**values, "octets": base64.b64decode(values["octets"]), "id": int(number[4:])}


def test_each_byte_is_sent_once(tmp_path: Path) -> None:
    opened, ring = OpenTerminal(tmp_path, "me"), Ring()
    assert opened.news() == ""
    ring.add(b"\x1b[1mLogin\xff")
    publish(tmp_path, ring)
    first = read(opened.news())
    assert (first["octets"], first["id"], first["mine"]) == (b"\x1b[1mLogin\xff", 10, True)
    publish(tmp_path, ring)
    assert opened.news() == ""
    ring.add(b": ")
    publish(tmp_path, ring)
    assert read(opened.news())["octets"] == b": "
    # A browser that comes back says how far it was.
    again = OpenTerminal(tmp_path, "me", 10)
    assert read(again.news())["octets"] == b": "


def test_what_is_kept_no_more_is_left_out(tmp_path: Path) -> None:
    opened, ring = OpenTerminal(tmp_path, "me"), Ring()
    ring.add(b"x" * SIZE + b"y" * 10)
    publish(tmp_path, ring)
    event = read(opened.news())
    assert len(event["octets"]) == SIZE and event["id"] == SIZE + 10


def test_another_line_begins_afresh(tmp_path: Path) -> None:
    opened, ring = OpenTerminal(tmp_path, "me", 5000), Ring()
    ring.add(b"new")
    publish(tmp_path, ring)
    event = read(opened.news())
    assert event["afresh"] and event["octets"] == b"new" and event["id"] == 3


def test_who_types_and_what_went_wrong_is_told(tmp_path: Path) -> None:
    opened, ring = OpenTerminal(tmp_path, "me"), Ring()
    publish(tmp_path, ring)
    assert read(opened.news())["mine"]
    publish(tmp_path, ring, "other")
    assert not read(opened.news())["mine"]
    publish(tmp_path, ring, "", "", "the cable was pulled out")
    event = read(opened.news())
    assert (event["port"], event["mine"], event["error"]) == ("", False, "the cable was pulled out")


def test_nobody_types_where_nobody_holds_it(tmp_path: Path) -> None:
    """A browser without a session of the console has no name, and neither has no holder."""
    publish(tmp_path, Ring(), "", "")
    assert OpenTerminal(tmp_path, "").news() == ""


def test_it_ends_after_a_minute_and_when_the_owner_logs_out(tmp_path: Path) -> None:
    clock = [0.0]

    def wait(seconds: float) -> None:
        clock[0] += seconds

    events = list(follow(OpenTerminal(tmp_path, "me"), lambda: True, lambda: clock[0], wait))
    assert events[0].startswith("retry: ") and set(events[1:]) == {":\n\n"}
    assert STREAM_S <= clock[0] < STREAM_S + 1 and 50 < len(events) < 65
    assert len(list(follow(OpenTerminal(tmp_path, "me"), lambda: False))) == 1
