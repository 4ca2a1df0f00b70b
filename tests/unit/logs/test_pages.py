# SPDX-License-Identifier: MIT
"""/fireplot as the owner and as strangers' lines meet it."""

from __future__ import annotations

import gzip
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.logs import pages, wishes
from appliance.logs.day_files import PACKETS
from appliance.logs.line_ledger import REASONS
from appliance.logs.recorder import Recorder
from appliance.logs.wishes import DayWish
from appliance.reports.logs import DroppedLines
from tests.unit.logs.test_day_view import packet
from tests.unit.reports.test_logs import REPORT

PASSWORD = "correct horse battery"


def filled(recorder: Recorder, port: int = 22) -> date:
    now = time.time()
    recorder.packet(now, packet(port))
    recorder.show()
    assert recorder._day
    return recorder._day.date


def test_today_is_shown_as_it_is_now(client: FlaskClient, recorder: Recorder) -> None:
    today = filled(recorder)
    page = client.get("/fireplot").get_data(as_text=True)
    assert "1 attempt: 1 by TCP" in page and "198.51.100.7" in page and ">ssh<" in page
    assert f'src="/fireplot/{today}.svg"' in page


def test_the_picture_is_compressed_for_those_who_take_it(
    client: FlaskClient, recorder: Recorder
) -> None:
    today = filled(recorder)
    plain = client.get(f"/fireplot/{today}.svg")
    packed = client.get(f"/fireplot/{today}.svg", headers={"Accept-Encoding": "gzip"})
    assert plain.mimetype == packed.mimetype == "image/svg+xml"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "default-src 'self'" in plain.headers["Content-Security-Policy"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "status"),
    [("/fireplot?day=x", 400), ("/fireplot?day=2020-01-01", 404), ("/fireplot/x.svg", 400),
     ("/fireplot/2020-01-01.svg", 404), ("/fireplot?day=" + "9" * 5000, 400)],
)  # fmt: skip
def test_days_that_are_none(client: FlaskClient, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_nobody_sees_it_without_a_login(app: Flask) -> None:
    assert app.test_client().get("/fireplot").status_code == 303


def test_lines_that_became_nothing_are_shown_and_do_no_harm(
    client: FlaskClient, tmp_path: Path
) -> None:
    bad = DroppedLines("not-understood", 3, ("1.2.3.4: <script>alert(1)</script>",))
    replace(REPORT, dropped=(bad,), heard=900.0, heard_from="192.168.88.1").publish(tmp_path)
    page = client.get("/fireplot").get_data(as_text=True)
    assert "&lt;script&gt;" in page and "<script>alert" not in page
    assert "not understood" in page and "10 lines" in page
    assert "glovebox-0a1b2c3d" in page and "The word was heard" in page


def test_every_reason_and_kind_has_words() -> None:
    assert pages.REASONS.keys() == set(REASONS)


def test_the_owner_deletes_a_day(app: Flask, recorder: Recorder) -> None:
    today = filled(recorder)
    box = wishes.inbox(recorder.parts)
    box.folder.mkdir()
    client = app.test_client()
    client.get("/setup")
    with client.session_transaction() as session:
        token = session["csrf"]
    given = {"csrf": token, "password": PASSWORD, "again": PASSWORD}
    assert client.post("/setup", data=given).status_code == 303
    page = client.get("/fireplot").get_data(as_text=True)
    assert f"Delete {today}" in page
    with client.session_transaction() as session:
        token = session["csrf"]
    assert client.post("/fireplot", data={"day": str(today)}).status_code == 403
    answer = client.post("/fireplot", data={"day": str(today), "csrf": token})
    assert answer.status_code == 303 and answer.location.endswith("/fireplot")
    assert box.take() == [DayWish(str(today))]
    box.folder.rmdir()
    assert client.post("/fireplot", data={"day": str(today), "csrf": token}).status_code == 503
    assert (recorder.parts / f"{today}.{PACKETS}.part").exists()
