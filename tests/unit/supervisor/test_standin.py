# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Iterable

import pytest

from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.reports.supervisor import Deed, DeedKind, Rates
from appliance.supervisor import checks, standin
from appliance.supervisor.observations import Observations, Unknown
from appliance.supervisor.observe import Observer
from tests.unit.supervisor.looks import NOW, look, received
from tests.web.reports import a_health, a_selftest


class Script(Observer):
    """Shows one look, as the page can make it: without systemd."""

    def __init__(self, **changes: object) -> None:
        self.names: set[str] = set()
        self._shown = look(60, units=Unknown("systemd is not asked from here"), **changes)

    def look(self, names: Iterable[str], before: Observations | None = None) -> Observations:
        self.names.update(names)
        return self._shown


def test_current_passes_on_what_is_fresh() -> None:
    told = a_health(NOW)
    assert standin.current(told, Script(), NOW + 10) is told


@pytest.mark.parametrize("later", [16, -16, 9e6])
def test_current_never_passes_an_old_word_on(later: float) -> None:
    found = standin.current(a_health(NOW), Script(), NOW + later)
    assert (found.state, found.level, found.rates) == (State.SILENT, Level.FAIL, Rates())


def test_bare_says_since_when_and_what_one_look_finds() -> None:
    deed = Deed(NOW - 5, "glovebox-ids.service", DeedKind.RESTART, "It is blind.")
    test = a_selftest(NOW)
    stream = received(seen=NOW + 59, sent=1000)
    observer = Script(receiver=stream, reports={"selftest": test})
    found = standin.bare(a_health(NOW, actions=(deed,)), observer, NOW + 60)
    assert found.sentence == "The supervisor last reported 1 min ago. Frames arrive."
    assert (found.updated, found.selftest, found.actions) == (NOW + 60, test, (deed,))
    engine = found.finding("engine")
    assert engine is not None and engine.words == "Snort listens on the sniffing interface."


def test_bare_names_what_blinds_the_sensor() -> None:
    found = standin.bare(None, Script(listening=False), NOW + 60)
    assert found.sentence == (
        "The supervisor has not reported (systemctl status glovebox-supervisor). Snort does not"
        " listen on the sniffing interface."
    )


def test_bare_asks_neither_systemd_nor_the_media_server() -> None:
    observer = Script()
    standin.bare(None, observer, NOW)
    assert {"receiver", "listening", "settings", "dhcp"} <= observer.names
    assert not {"comebacks", "pulses", "media", "alarm"} & observer.names


def test_the_checks_are_those_of_the_supervisor() -> None:
    assert {check.name for check in standin.TABLE} == standin.BARE
    assert set(standin.TABLE) <= set(checks.CHECKS)
