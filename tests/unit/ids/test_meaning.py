# SPDX-License-Identifier: MIT
"""What alerts mean, in plain words."""

from __future__ import annotations

import re

import pytest

from appliance.ids import meaning
from appliance.ids.meaning import MALWARE, SCAN, UNKNOWN, WEB
from tests.conftest import PROJECT


@pytest.mark.parametrize(
    ("classification", "expected"),
    [
        ("trojan-activity", MALWARE),
        ("A Network Trojan was detected", MALWARE),
        ("Web Application Attack", WEB),
        ("Detection of a Network Scan", SCAN),
        ("nobody knows", UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_classes_are_known_by_name_and_by_description(
    classification: str | None, expected: meaning.Meaning
) -> None:
    assert meaning.of(1, 5, classification) is expected


def test_a_generator_or_a_rule_tells_more() -> None:
    assert meaning.of(122, 1, None) is SCAN
    assert "EICAR" in meaning.of(1, 1000100, "misc-activity").words


def test_each_rule_of_ours_has_a_meaning() -> None:
    for engine in ("snort", "suricata"):
        text = (PROJECT / "config" / engine / "local.rules").read_text()
        classes = re.findall(r"classtype:\s*([\w-]+)\s*;", text)
        assert classes
        for each in classes:
            assert meaning.of(1, 5, each) is not UNKNOWN, each
