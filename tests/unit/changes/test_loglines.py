# SPDX-License-Identifier: MIT
"""Lines of RouterOS' log name who did something; anybody may have written what stands there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.changes import loglines
from appliance.changes.loglines import Hand


@pytest.mark.parametrize(
    ("message", "hand"),
    [
        ("filter rule changed by admin", Hand("admin")),
        ("item added by api:glovebox@192.168.88.9 (*1 = /ip address add)",
         Hand("glovebox", "192.168.88.9", "api")),
        ("nat rule moved by winbox-3.41/tcp-msg(winbox):eva@192.168.88.2/action:1 (/ip firewall)",
         Hand("eva", "192.168.88.2", "winbox")),
        ("device changed by ssh:admin@fe80::1", Hand("admin", "fe80::1", "ssh")),
        ("dhcp lease assigned by server1", None), ("user admin logged in from x via y", None),
        ("", None), ("changed by ", None),
    ],
)  # fmt: skip
def test_who_changed_something(message: str, hand: Hand | None) -> None:
    assert loglines.change(message) == hand


def test_who_logged_in() -> None:
    found = loglines.login("user admin logged in from 192.168.88.5 via winbox")
    assert found is not None and found.words == "admin from 192.168.88.5 with winbox"
    assert loglines.login("login failure for user x from 1.2.3.4 via ssh") is None


def test_what_somebody_else_did_is_told_from_what_we_did() -> None:
    line = "item added by api:{}@192.168.88.9 (*1)"
    assert loglines.names_other(line.format("admin"), "glovebox")
    assert not loglines.names_other(line.format("glovebox"), "glovebox")
    assert not loglines.names_other("link up", "glovebox")


@given(st.text() | st.text().map(lambda text: f"x changed by {text}"))
def test_whatever_is_written_there_becomes_one_plain_line(text: str) -> None:
    found = loglines.change(text)
    if found is not None:
        assert found.words.isprintable() and len(found.words) < 200
