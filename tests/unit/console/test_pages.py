# SPDX-License-Identifier: MIT
"""The console on the page: for the owner alone, and what a router says is only text."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.console import wishes
from appliance.console.following import SEATS
from appliance.console.wishes import ConsoleWish
from appliance.console.xterm import SCRIPT, STYLE
from appliance.reports.console import ConsoleReport
from tests.unit.web.test_entry import form_token, set_up

HOSTILE = "<script>alert(1)</script>"


def said(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def wished(tmp_path: Path) -> Path:
    folder = tmp_path / "console" / "wishes"
    folder.mkdir(parents=True)
    return folder


def press(client: FlaskClient, kind: str, **fields: str) -> int:
    form = {"csrf": form_token(client, "/router/console"), "kind": kind, **fields}
    return client.post("/router/console", data=form).status_code


def test_a_line_is_opened_and_typed_into(stranger: FlaskClient, wished: Path) -> None:
    set_up(stranger)
    assert "Nobody has looked" in stranger.get("/router/console").text
    assert press(stranger, "look") == press(stranger, "open", port="usb-one", speed="9600") == 303
    _, opened = wishes.inbox(wished).take()
    assert (opened.kind, opened.port, opened.speed) == (ConsoleWish.OPEN, "usb-one", 9600)
    report = ConsoleReport(time.time(), ("usb-one",), "usb-one", 9600, opened.holder, said(HOSTILE))
    report.publish(wished.parent)
    page = stranger.get("/router/console").text
    assert "Send with Enter" in page and HOSTILE not in page and "&lt;script&gt;" in page
    for kind, text in (("type", "x\r"), ("type:bare", "x"), ("type:ctrl-c", "\x03")):
        assert press(stranger, kind, text="x") == 303
        (typed,) = wishes.inbox(wished).take()
        assert (typed.text, typed.holder) == (text, opened.holder)
    assert stranger.get("/router/console.txt").text == HOSTILE
    assert stranger.get("/router/console.txt").mimetype == "text/plain"


def test_another_browser_watches(stranger: FlaskClient, wished: Path) -> None:
    set_up(stranger)
    ConsoleReport(time.time(), ("a",), "a", 9600, "other", said("x")).publish(wished.parent)
    page = stranger.get("/router/console")
    assert "Take the line" in page.text and "Send with" not in page.text
    assert "Refresh" not in page.headers
    assert stranger.get("/router/console?watch=1").headers["Refresh"] == "2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("junk", ""),
        ("type", "\x1b"),
        ("type", "x" * 500),
        ("type", "a\nb"),
        ("type", "\U0001f512" * 125),
        ("type:keys", "x" * 500),
        ("type:keys", "\U0001f512" * 125),
    ],
)
def test_what_cannot_be_typed_is_refused(
    stranger: FlaskClient, wished: Path, kind: str, text: str
) -> None:
    set_up(stranger)
    assert press(stranger, kind, text=text) == 400
    assert wishes.inbox(wished).take() == []


@pytest.mark.parametrize(
    "typed", ["\x1b[A", "\x00\x03\x7f", "\x1b" * 499, "\U0001f512" * 124, "a\r"]
)
def test_keys_of_the_terminal_go_as_they_are(
    stranger: FlaskClient, wished: Path, typed: str
) -> None:
    set_up(stranger)
    assert press(stranger, "type:keys", text=typed) == 204
    (wish,) = wishes.inbox(wished).take()
    assert (wish.kind, wish.text) == (ConsoleWish.TYPE, typed)


def test_a_service_that_is_away_is_told(stranger: FlaskClient, wished: Path) -> None:
    set_up(stranger)
    ConsoleReport(1.0, ("a",), "a", 9600, "me", said("old")).publish(wished.parent)
    assert "Nobody has looked" in stranger.get("/router/console").text
    wished.rmdir()
    assert press(stranger, "look") == 503


def test_it_is_for_the_owner_alone(client: FlaskClient, wished: Path) -> None:
    assert client.get("/router/console").status_code == 403
    assert client.get("/router/console.txt").status_code == 403
    assert client.post("/router/console", data={"kind": "look"}).status_code == 403


def test_lines_by_network_are_asked_for_by_name(stranger: FlaskClient, wished: Path) -> None:
    set_up(stranger)
    page = stranger.get("/router/console").text
    assert "Open MAC-Telnet" in page
    press(stranger, "open", router="home", user="admin+ct")
    press(stranger, "open", mac=" 4C:5E:0C:11:22:33 ")
    ssh, mac = wishes.inbox(wished).take()
    assert (ssh.port, ssh.user, mac.port) == ("ssh home", "admin+ct", "mac 4C:5E:0C:11:22:33")
    report = ConsoleReport(time.time(), ("ssh home",), "ssh home", 0, ssh.holder,
                           said("password: "))  # fmt: skip
    report.publish(wished.parent)
    page = stranger.get("/router/console").text
    assert "Send with Enter" in page and "baud" not in page and ">Break<" not in page


@pytest.fixture
def terminal(wished: Path) -> Path:
    """Put files in the place of xterm.js; the application is made after that."""
    folder = wished.parent.parent / "xterm"
    folder.mkdir()
    for name in (SCRIPT, STYLE, "other.js"):
        (folder / name).write_text(f"/* {name} */")
    return folder


def opened_line(folder: Path) -> None:
    ConsoleReport(time.time(), ("a",), "a", 9600, "me", said("x"), 1).publish(folder.parent)


def test_without_xterm_there_are_lines_and_words(stranger: FlaskClient, wished: Path) -> None:
    set_up(stranger)
    opened_line(wished)
    page = stranger.get("/router/console")
    assert "xterm.js is not installed" in page.text and "terminal.js" not in page.text
    assert "nonce" not in page.headers["Content-Security-Policy"]
    assert stranger.get("/router/console/xterm.js").status_code == 404


def test_a_terminal_is_offered_with_styles_of_its_own(
    wished: Path, terminal: Path, stranger: FlaskClient
) -> None:
    set_up(stranger)
    opened_line(wished)
    nonces = set()
    for _ in range(2):
        page = stranger.get("/router/console")
        (nonce,) = re.findall(r'<script src="[^"]*terminal.js[^"]*" nonce="([^"]+)"', page.text)
        policy = page.headers["Content-Security-Policy"]
        assert policy.endswith(f"; style-src 'self' 'nonce-{nonce}'")
        assert "unsafe" not in policy and "script-src" not in policy
        nonces.add(nonce)
    assert len(nonces) == 2
    for address in ("/router/changes", "/router", "/router/console.txt"):
        assert "nonce" not in stranger.get(address).headers["Content-Security-Policy"], address


def test_the_files_of_xterm_are_its_owners_and_kept_by_browsers(
    wished: Path, terminal: Path, stranger: FlaskClient, client: FlaskClient
) -> None:
    set_up(stranger)
    for name, kind in ((SCRIPT, "javascript"), (STYLE, "css")):
        file = stranger.get(f"/router/console/{name}")
        assert file.data == f"/* {name} */".encode() and kind in (file.mimetype or "")
        assert "immutable" in file.headers["Cache-Control"]
    for name in ("other.js", "..%2fweb%2fsession", "xterm.js.map"):
        assert stranger.get(f"/router/console/{name}").status_code == 404
    assert client.get("/router/console/xterm.js").status_code == 403
    assert client.get("/router/console/stream").status_code == 403


@pytest.mark.slow
def test_what_comes_is_followed_by_so_many_and_no_more(stranger: FlaskClient, wished: Path) -> None:
    set_up(stranger)
    opened_line(wished)
    seats = [stranger.get("/router/console/stream", buffered=False) for _ in range(SEATS)]
    assert stranger.get("/router/console/stream").status_code == 503
    parts = seats[0].iter_encoded()
    assert next(parts).startswith(b"retry: ") and b"id: 1" in next(parts)
    for each in seats:
        each.close()
    for known in ("1", "junk", "\u0664", "-1", "9" * 5000):
        headers = {"Last-Event-ID": known.encode().decode("latin-1")}
        with stranger.get("/router/console/stream", headers=headers, buffered=False) as answer:
            parts = answer.iter_encoded()
            assert next(parts).startswith(b"retry: ")
            # One that has it all is told who types; one that is ahead, that it begins afresh.
            assert b"data: " in next(parts)
