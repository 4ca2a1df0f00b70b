# SPDX-License-Identifier: MIT
"""Which rules look only into connections: by the options of their text, whatever it looks for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.blocking import handshakes
from appliance.blocking.handshakes import Handshakes


@pytest.mark.parametrize(
    ("options", "known"),
    [
        ('msg:"a"; flow:to_server,established; sid:7; rev:1;', True),
        ("flow: established ; sid: 7 ;", True),
        ('msg:"a"; flow:to_server; flags:S; sid:7;', False),
        ("flow:stateless; sid:7;", False),
        ("flow:not_established; sid:7;", False),
        ('msg:"; flow:established; sid:9;"; sid:7;', False),
        ('msg:"a\\"; flow:established;"; sid:7;', False),
        ('flow:to_server; content:"established"; sid:7;', False),
        ("flowbits:set,established; sid:7;", False),
    ],
)
def test_only_options_count(options: str, known: bool) -> None:
    text = f"alert tcp any any -> any any ({options})\n"
    assert list(handshakes.of_text(text)) == ([(1, 7)] if known else [])
    assert list(handshakes.of_text(f"# {text}")) == []


def test_generator_and_broken_lines() -> None:
    text = "alert tcp any any -> any any ( \\\n flow:established; \\\n gid:3; sid:8;)\njunk\n(\n"
    assert list(handshakes.of_text(text)) == [(3, 8)]


def test_they_are_read_again_when_the_rules_are_made_anew(tmp_path: Path) -> None:
    found = Handshakes((tmp_path / "rules",))
    assert found.now() == frozenset()
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/a.rules").write_text(
        "alert tcp any any -> any any (flow:established;sid:1;)"
    )
    os.utime(tmp_path / "rules", ns=(1, 1))
    assert found.now() == {(1, 1)}
    (tmp_path / "rules/b.rules").write_bytes(b"\xff\xfe\n")
    (tmp_path / "rules/a.rules").unlink()
    os.utime(tmp_path / "rules", ns=(2, 2))
    assert found.now() == frozenset()


def test_most_of_our_own_rules_for_tcp_are_known() -> None:
    folder = Path(__file__).parents[3] / "config"
    assert len(handshakes.read([folder / "snort"])) >= 8
    assert len(handshakes.read([folder / "suricata"])) >= 17
