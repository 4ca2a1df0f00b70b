# SPDX-License-Identifier: MIT
"""[logs]: each wrong value is refused; and whose logs are taken."""

from __future__ import annotations

import tomllib
from ipaddress import ip_address

import pytest

from appliance.settings import config
from tests.refusal import refusal

HOME = '[router]\nrouters = [{{ name = "home", address = "192.168.88.1"{} }}]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[logs]\nsources = ["gate"]\n', ["sources"]),
        ('[logs]\nsources = ["0.0.0.0"]\n', ["sources", "a router or a honeypot"]),
        ('[logs]\nwords = [""]\n', ["words", "1 to 64"]),
        ("[logs]\nkeep_days = 0\n", ["keep_days = 0", "1 to 366"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("router", "sources", "accepted", "wanted"),
    [
        ("", [], [], ["192.168.88.1"]),
        ("", [], ["192.168.1.1", "::ffff:192.168.88.1"], ["192.168.88.1", "192.168.1.1"]),
        (", log = true", [], ["192.168.1.1"], ["192.168.88.1"]),
        (", log = true", ["10.0.0.5"], [], ["10.0.0.5", "192.168.88.1"]),
        ("", ["10.0.0.5", "fe80::1%eth0"], [], ["10.0.0.5", "fe80::1"]),
    ],
)
def test_whose_logs_are_taken(
    router: str, sources: list[str], accepted: list[str], wanted: list[str]
) -> None:
    text = HOME.format(router) + f"[logs]\nsources = {sources}\n[capture]\nrouters = {accepted}\n"
    found = config.build(tomllib.loads(text))
    assert list(found.log_senders) == [ip_address(each) for each in wanted]
