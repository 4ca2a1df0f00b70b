"""Films as the supervisor publishes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appliance.films.drives import Drive
from appliance.films.library import Client, Library
from appliance.supervisor import published
from appliance.supervisor.verdict import Verdict
from appliance.web.films import Films, parse_films
from tests.unit.supervisor.looks import history, look
from tests.unit.supervisor.test_published import VERDICT
from tests.web.reports import a_health

NOW = 1_795_165_983.0
LIBRARY = Library(1, 2, 3, True, 1, (Client("Unknown", "10.4.0.7", 1),))
DRIVE = Drive("sda1", "FILME", "vfat", 4 << 30, mounted=True)


def test_parse_films_reads_what_the_supervisor_writes() -> None:
    looks = history(look(media=LIBRARY, drives=(DRIVE,)))
    verdict: Verdict = VERDICT
    told = json.loads(json.dumps(published.health(looks, verdict, {}, {}, [])))
    films = parse_films(told["media"])
    assert films == Films(LIBRARY, (DRIVE,))
    assert json.loads(json.dumps(films.as_json())) == told["media"]


@pytest.mark.parametrize("key", ["audio", "streams", "clients", "drives"])
@pytest.mark.parametrize("value", [None, -1, "many", [1]])
def test_parse_films_refuses_what_does_not_fit(key: str, value: Any) -> None:
    values = {**a_health(NOW)["media"], key: value}
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        parse_films(values)
