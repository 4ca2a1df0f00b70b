# SPDX-License-Identifier: MIT
"""[forward]: what fits, and that no error says what may be a secret."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.errors import ConfigError
from appliance.settings.config import build, shown
from appliance.settings.plan import secrets_of

GOOD = [
    {"name": "vector", "way": "eve", "to": "tcp://192.168.88.9:9000"},
    {"name": "rsyslog", "way": "syslog", "to": "tls://log.example.org:6514"},
    {"name": "search", "way": "opensearch", "to": "https://search.example.org:9200/alerts",
     "user": "me", "secret": "MARKED"},
    {"name": "house", "way": "clickhouse", "to": "http://192.168.88.9:8123/home.alerts"},
]  # fmt: skip


def test_collectors_fit_and_nothing_of_them_is_shown() -> None:
    found = build({"forward": {"targets": GOOD}})
    assert len(found.forward.targets) == 4 and secrets_of("forward") == {"targets"}
    assert "MARKED" not in repr(found) + str(shown(found))


@pytest.mark.parametrize(
    "bad",
    [
        GOOD[0] | {"to": "tcp://MARKED"},
        GOOD[0] | {"to": "http://MARKED:1"},
        GOOD[0] | {"to": "tcp://MARKED:99999"},
        GOOD[1] | {"way": "eve", "to": "udp://MARKED:1"},
        GOOD[2] | {"to": "https://MARKED:9200/"},
        GOOD[2] | {"to": "https://MARKED:MARKED@h:9200/alerts"},
        GOOD[3] | {"to": "http://h:8123/alerts;DROP MARKED"},
        GOOD[3] | {"to": ["MARKED"]},
        GOOD[0] | {"name": "A B"},
        "MARKED",
    ],
)
def test_what_does_not_fit_is_refused_without_its_value(bad: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        build({"forward": {"targets": [bad]}})
    assert "MARKED" not in str(caught.value)


def test_names_are_there_once_and_there_is_a_bound() -> None:
    for targets in ([GOOD[0], GOOD[0]], [GOOD[0] | {"name": f"c{each}"} for each in range(5)]):
        with pytest.raises(ConfigError):
            build({"forward": {"targets": targets}})
