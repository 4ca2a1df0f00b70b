# SPDX-License-Identifier: MIT
"""Every known text of a router's refusal is sorted; nothing of it goes raw into a message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.router.refusals import CertificateError, Refusal, RefusedError, plain, reason


def test_every_recorded_text_has_a_reason(shared_data: Path) -> None:
    texts = json.loads((shared_data / "routeros" / "own" / "error-texts.json").read_text())
    assert len(texts["texts"]) > 15
    assert [text for text, *_ in texts["texts"] if reason(text) is Refusal.UNKNOWN] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("failure: already have such entry", Refusal.THERE),
        ("failure: already have such entry (4)", Refusal.THERE),
        ("no such item (4)", Refusal.GONE),
        ("not enough permissions (9)", Refusal.RIGHTS),
        ("std failure: not allowed (9)", Refusal.RIGHTS),
        ("failure: not allowed by device-mode", Refusal.DEVICE_MODE),
        ("failure: configuration flagged, check all router configuration", Refusal.FLAGGED),
        ("invalid user name or password (6)", Refusal.LOGIN),
        ("unknown parameter via", Refusal.VERSION),
        ("no such command or directory (raw)", Refusal.VERSION),
        ("missing value(s) of argument(s) list (/ip/firewall/address-list/add; line 1)",
         Refusal.OURS),
        ("2001:db8::1 is not a valid dns name", Refusal.OURS),
        ("something nobody has seen", Refusal.UNKNOWN),
        ("", Refusal.UNKNOWN),
    ],
)  # fmt: skip
def test_reason(text: str, expected: Refusal) -> None:
    assert reason(text) is expected


@given(st.text())
def test_plain_is_one_short_line_without_control_signs(text: str) -> None:
    shown = plain(text)
    assert len(shown) <= 201
    assert all(sign.isprintable() for sign in shown)


def test_plain_leaves_out_what_changes_a_terminal() -> None:
    assert plain("a\x1b[31m\nb\u202ec\udcff") == "a[31m bc?"


def test_a_refusal_says_what_it_means_and_what_the_router_said() -> None:
    error = RefusedError("not enough permissions (9)")
    assert str(error) == f"{Refusal.RIGHTS.value} (not enough permissions (9))"
    assert str(RefusedError("", Refusal.ENDED)) == Refusal.ENDED.value


def test_another_certificate_is_named_by_its_beginning() -> None:
    error = CertificateError("ab" * 32, "cd" * 32)
    assert error.found == "ab" * 32
    assert "abababababababab…" in str(error) and "cdcdcdcdcdcdcdcd…" in str(error)
