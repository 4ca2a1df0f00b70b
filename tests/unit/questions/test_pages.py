# SPDX-License-Identifier: MIT
"""`/flows` as a browser gets it."""

from __future__ import annotations

import csv
import html
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.access.vault import Vault
from appliance.alerts.pages import AlertPages
from appliance.questions.flows_command import main
from appliance.settings.config import Config
from appliance.settings.sections.web import WebConfig
from appliance.web import Doors, create_app
from appliance.web.monitor import Monitor
from tests.unit.questions.asking import answering
from tests.unit.questions.kept import HOSTS, counted, keep

TOKEN = "a-token-of-the-tests"
DAY = "start=2026/11/30"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    config = Config(web=WebConfig(api_token=TOKEN))
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    kept = tmp_path / "kept"
    kept.mkdir()
    made = create_app(
        config, monitor, AlertPages(tmp_path / "alerts.db"), Vault(tmp_path / "web"),
        Doors(questions=tmp_path / "door"),
    )  # fmt: skip
    found = made.test_client()
    found.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    with answering(tmp_path / "door", kept):
        yield found


def codes(text: str) -> list[str]:
    return [html.unescape(each) for each in re.findall(r"<pre[^>]*><code>(.*?)</code>", text, re.S)]


def test_nothing_is_asked_before_one_asks(client: FlaskClient) -> None:
    text = client.get("/flows").text
    assert "Who had the most?" in text and "Answer</h2>" not in text
    assert '<option value="host" selected>' in text


@pytest.mark.slow
def test_a_question_its_sql_and_its_command(
    client: FlaskClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    every = keep(tmp_path / "kept")
    text = client.get(f"/flows?{DAY}&type=out&by=host&by=dport&value=bytes&limit=5").text
    chosen = every[every["way"] == 2]
    assert f"{len(chosen):,} flows with {counted(chosen):,} bytes" in text
    assert all(f'href="/hosts/{host}"' in text for host in HOSTS)
    command, sql = codes(text)
    # What the page shows is what the command prints.
    assert main([*shlex.split(command)[2:], f"--folder={tmp_path / 'kept'}"]) == 0
    lines = capsys.readouterr().out.splitlines()[3:]
    assert len(lines) == 4
    for line in lines:
        address, port, value, *_ = (each.strip() for each in line.split("|"))
        assert f"{int(value):,}" in text and address in text and port in text
    # And the SQL, pasted into the page's own field, gives the same.
    own = client.get("/flows", query_string={"sql": sql}).text
    assert all(value in own for value in (line.split("|")[2].strip() for line in lines))


@pytest.mark.slow
def test_as_csv(client: FlaskClient, tmp_path: Path) -> None:
    keep(tmp_path / "kept")
    text = client.get(f"/flows?{DAY}&by=host&by=type&value=flows").text
    (link,) = re.findall(r'href="([^"]*format=csv)"', text)
    answer = client.get(html.unescape(link))
    assert answer.mimetype == "text/csv"
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert head == ["host", "type", "flows", "percent"]
    assert sum(int(row[2]) for row in rows) == 900
    assert client.get("/flows?format=csv").status_code == 400


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "words"),
    [
        (f"{DAY}&by=nothing", "no field"),
        ("start=x&by=host", "expected a day or an hour"),
        ("start=2026/11/30&end=2026/11/29&by=host", "the end is before the start"),
        (f"{DAY}&by=host&proto=999", "--proto"),
        (f"{DAY}&by=host&limit=-1", "limit: expected a number"),
        (f"{DAY}&by=host&by=sip&by=dip&by=dport", "group by 1 to 3"),
        ("sql=DROP VIEW flows", "One SELECT is answered"),
        ("sql=SELECT * FROM read_text('/etc/passwd')", "not allowed"),
        ("sql=SELEC", "syntax error"),
        ("sql=" + "x" * 4001, "at most 4,000 characters"),
    ],
)
def test_what_is_refused_is_told(
    client: FlaskClient, tmp_path: Path, query: str, words: str
) -> None:
    keep(tmp_path / "kept")
    answer = client.get(f"/flows?{query}")
    assert answer.status_code == 200 and 'role="alert"' in answer.text
    assert words in html.unescape(answer.text)


@pytest.mark.slow
def test_a_damaged_file_is_told(client: FlaskClient, tmp_path: Path) -> None:
    keep(tmp_path / "kept")
    first = sorted((tmp_path / "kept").glob("*.parquet"))[0]
    first.write_bytes(b"PAR1")
    text = client.get(f"/flows?{DAY}&by=host").text
    assert "Without 1 damaged file:" in text and "600 flows" in text


@pytest.mark.slow
def test_nothing_of_a_stranger_is_raw(client: FlaskClient, tmp_path: Path) -> None:
    keep(tmp_path / "kept")
    evil = "<script>alert(1)</script>"
    for query in ({"sql": f"SELECT '{evil}' AS \"{evil}\""}, {"sql": evil},
                  {"by": evil, "start": evil, "proto": evil, "_external": "1"}):  # fmt: skip
        answer = client.get("/flows", query_string=query)
        assert answer.status_code == 200 and "<script>alert" not in answer.text


def test_where_nothing_answers_it_says_so(client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "door").unlink()
    assert "nothing answers" in client.get(f"/flows?{DAY}&by=host").text
