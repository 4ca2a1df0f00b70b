from __future__ import annotations

from collections.abc import Iterable

import pytest

from appliance.host.links import Interface
from appliance.ids.engine import EngineCount
from appliance.reports.alerts import AlertStoreReport
from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.supervisor import servicechecks, units
from appliance.supervisor.history import History
from appliance.supervisor.observations import (
    Alarm,
    NotKnownError,
    Observations,
    Settings,
    Unknown,
)
from appliance.supervisor.servicechecks import START_S
from appliance.supervisor.units import Unit
from tests.unit.supervisor.looks import ABSENT, FAILED, NOW, RUNS, STARTING, history, look
from tests.unit.supervisor.looks import units as unit_states


def page(*seen: tuple[float, Unit]) -> History:
    return history(*(look(at, units=unit_states({units.PAGE: unit})) for at, unit in seen))


@pytest.mark.parametrize(
    ("unit", "level", "remedy"),
    [
        (RUNS, Level.OK, None),
        (STARTING, Level.UNKNOWN, None),
        (FAILED, Level.FAIL, units.PAGE),
        (Unit("loaded", "inactive", "dead"), Level.FAIL, units.PAGE),
        (Unit("loaded", "inactive", "dead", "start"), Level.UNKNOWN, None),
    ],
    ids=["runs", "starts", "failed", "stopped", "will start"],
)
def test_service_goes_by_what_systemd_says(unit: Unit, level: Level, remedy: str | None) -> None:
    result = servicechecks.service(page((0, unit)), units.PAGE, "The page")
    assert result is not None
    assert (result.level, result.remedy) == (level, remedy)


def test_service_that_decides_for_the_machine_says_that_it_starts() -> None:
    seen = page((0, STARTING))
    decisive = servicechecks.service(seen, units.PAGE, "The page", State.ENGINE_DOWN)
    other = servicechecks.service(seen, units.PAGE, "The page")
    assert decisive is not None and decisive.state is State.BOOTING
    assert other is not None and other.state is None


@pytest.mark.parametrize("load", ["not-found", "masked"])
def test_service_is_nothing_where_there_is_no_unit(load: str) -> None:
    unit = Unit(load, "inactive", "dead")
    assert servicechecks.service(page((0, unit)), units.PAGE, "The page") is None


def test_service_is_unknown_where_systemd_does_not_answer() -> None:
    with pytest.raises(NotKnownError):
        servicechecks.service(history(look(units=Unknown("no bus"))), units.PAGE, "The page")


@pytest.mark.parametrize(
    ("seen", "level"),
    [
        ([(0, STARTING), (START_S - 2, STARTING)], Level.UNKNOWN),
        ([(0, STARTING), (60, FAILED), (START_S, STARTING)], Level.FAIL),
        ([(0, STARTING), (60, RUNS), (START_S, STARTING)], Level.UNKNOWN),
    ],
    ids=["not so long yet", "again and again", "ran in between"],
)
def test_service_that_never_comes_up_fails(seen: list[tuple[float, Unit]], level: Level) -> None:
    result = servicechecks.service(page(*seen), units.PAGE, "The page")
    assert result is not None and result.level is level


@pytest.mark.parametrize(
    ("changes", "level", "remedy", "words"),
    [
        ({}, Level.OK, None, "Snort runs."),
        ({"listening": False}, Level.FAIL, units.ENGINE, "does not listen"),
        ({"listening": Unknown("test")}, Level.OK, None, "Snort runs."),
        ({"units": unit_states({units.ENGINE: FAILED})}, Level.FAIL, units.ENGINE, "not run"),
        ({"units": unit_states({units.ENGINE: ABSENT})}, Level.FAIL, None, "not installed"),
        ({"interface": Interface("tzsp0", present=False)}, Level.FAIL, None, "waits for"),
        ({"settings": Unknown("test")}, Level.OK, None, "The engine runs."),
        ({"settings": Settings("suricata", (), ())}, Level.OK, None, "Suricata runs."),
    ],
    ids=[
        "well",
        "deaf",
        "deafness unknown",
        "failed",
        "absent",
        "no interface",
        "no name",
        "other",
    ],
)
def test_engine_must_run_and_listen(
    changes: dict[str, object], level: Level, remedy: str | None, words: str
) -> None:
    result = servicechecks.engine(history(look(**changes)))
    assert (result.level, result.remedy) == (level, remedy)
    assert words in result.words
    assert (result.state is State.ENGINE_DOWN) is (level is Level.FAIL)


@pytest.mark.parametrize(("listening", "level"), [(True, Level.OK), (False, Level.FAIL)])
def test_engine_is_judged_by_its_socket_where_systemd_cannot_be_asked(
    listening: bool, level: Level
) -> None:
    found = servicechecks.engine(history(look(units=Unknown("no bus"), listening=listening)))
    assert (found.level, found.remedy) == (level, None)


def watched(
    seen: Iterable[tuple[float, int, int]], down: Iterable[float] = ()
) -> list[Observations]:
    """Return looks of (time, frames on the interface, frames that the engine counted)."""
    return [
        look(
            at,
            interface=Interface("tzsp0", True, True, "", 65535, frames),
            engine=EngineCount(counted, 0),
            units=unit_states({units.ENGINE: STARTING} if at in down else {}),
        )
        for at, frames, counted in seen
    ]


STEADY = [(at, 10 * at, 10 * (at - at % 4)) for at in range(0, 40, 2)]
STUCK = [(at, 10 * at, 100) for at in range(0, 40, 2)]
IDLE = [(at, 100, 100) for at in range(0, 40, 2)]
BURST = [(at, min(100, 50 * at), 10) for at in range(0, 40, 2)]
TRICKLE = [(at, at // 20, 0 if at < 20 else 1) for at in range(0, 40, 2)]
RECOVERED = [*STUCK, (40, 400, 400)]


@pytest.mark.parametrize(
    ("seen", "level", "words"),
    [
        (STEADY, Level.OK, "inspects what arrives"),
        (STUCK, Level.FAIL, "pass it uninspected"),
        (IDLE, Level.OK, "is ready"),
        (BURST, Level.OK, "is ready"),
        (TRICKLE, Level.OK, "is ready"),
        (RECOVERED, Level.OK, "inspects what arrives"),
        (STEADY[:4], Level.UNKNOWN, "in a few seconds"),
        ([*STUCK, (100, 390, 100), (102, 390, 100)], Level.FAIL, "pass it uninspected"),
    ],
    ids=[
        "steady", "stuck", "idle", "all within one count", "one frame now and then", "again",
        "too early", "stuck, and now idle",
    ],
)  # fmt: skip
def test_inspects_wants_the_counter_to_move_with_the_frames(
    seen: list[tuple[float, int, int]], level: Level, words: str
) -> None:
    result = servicechecks.inspects(history(*watched(seen)))
    assert result is not None
    assert result.level is level
    assert words in result.words
    assert (result.remedy == units.ENGINE) is (level is Level.FAIL)


def test_inspects_finds_a_stopped_engine_within_12_seconds() -> None:
    looks = watched([*STEADY, *((at, 10 * at, 360) for at in range(40, 80, 2))])
    found = [
        looks[count - 1].boottime - looks[len(STEADY)].boottime
        for count in range(len(STEADY), len(looks) + 1)
        if servicechecks.inspects(history(*looks[:count])).level is Level.FAIL  # type: ignore[union-attr]
    ]
    assert 0 < found[0] <= 12


def test_inspects_gives_a_restarted_engine_time() -> None:
    looks = watched(STUCK, down=range(0, 34))
    result = servicechecks.inspects(history(*looks))
    assert result is not None and result.level is Level.UNKNOWN


def test_inspects_is_nothing_while_the_engine_does_not_run() -> None:
    assert servicechecks.inspects(history(*watched(STUCK, down=range(0, 40)))) is None


PULSES = list(range(0, 20, 2))


@pytest.mark.parametrize(
    ("pulses", "words"),
    [
        ([1000 * at for at in PULSES], "runs"),
        ([1000 * min(at, 12) for at in PULSES], "runs"),
        ([1000 * min(at, 10) for at in PULSES], "hangs"),
        ([1000 * (at >= 18) for at in PULSES], "runs"),
        ([None for _ in PULSES], "runs"),
    ],
    ids=["beats", "rests", "hangs", "beats again", "not counted"],
)
def test_lively_wants_the_cpu_time_to_move(pulses: list[int | None], words: str) -> None:
    looks = [
        look(float(at), pulses={} if pulse is None else {units.LEDS: pulse})
        for at, pulse in zip(PULSES, pulses, strict=True)
    ]
    result = servicechecks.lively(history(*looks), units.LEDS, "The LED service")
    assert result is not None
    assert result.words == f"The LED service {words}."
    assert (result.remedy == units.LEDS) is (words == "hangs")


def test_lively_goes_by_the_unit_first() -> None:
    looks = [look(at, pulses={units.LEDS: 7}, units=unit_states({units.LEDS: STARTING}))
             for at in (0.0, 10.0)]  # fmt: skip
    result = servicechecks.lively(history(*looks), units.LEDS, "The LED service")
    assert result is not None and "is starting" in result.words


def comebacks(*seen: tuple[float, dict[str, int]]) -> History:
    return history(*(look(at, comebacks=counts) for at, counts in seen))


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ([(0, {units.STORE: 0}), (20, {units.STORE: 0}), (22, {units.STORE: 0})], ""),
        ([(0, {units.STORE: 3}), (20, {units.STORE: 3}), (22, {units.STORE: 4})],
         "The alert store ended and was started again."),
        ([(0, {units.STORE: 3}), (2, {units.STORE: 4}), (16, {units.STORE: 4})],
         "The alert store ended and was started again."),
        ([(0, {units.STORE: 3}), (2, {units.STORE: 4}), (18, {units.STORE: 4})], ""),
        ([(0, {units.STORE: 4}), (2, {units.STORE: 0})], ""),
        ([(0, {units.SUPERVISOR: 1}), (2, {units.SUPERVISOR: 1})],
         "The supervisor ended and was started again."),
        ([(0, {units.SUPERVISOR: 1}), (16, {units.SUPERVISOR: 1})], ""),
        ([(0, {units.SUPERVISOR: 0}), (2, {units.SUPERVISOR: 0})], ""),
        ([(0, {}), (2, {units.PAGE: 1, units.LEDS: 1})],
         "The status page and the LED service ended and were started again."),
    ],
    ids=["none", "now", "a moment ago", "long ago", "restarted on purpose", "ourselves",
         "ourselves, long ago", "first start", "two"],
)  # fmt: skip
def test_ended_tells_for_a_while_what_systemd_brought_back(
    seen: list[tuple[float, dict[str, int]]], told: str
) -> None:
    result = servicechecks.ended(comebacks(*seen))
    assert (result.words if result.level is Level.WARN else "") == told
    assert (result.state is State.TROUBLE) is bool(told)


def test_ended_compares_with_what_was_known() -> None:
    looks = [look(0, comebacks=Unknown("no bus")), look(2, comebacks={units.STORE: 3})]
    assert servicechecks.ended(history(*looks)).level is Level.OK


def stores(*seen: tuple[float, AlertStoreReport]) -> History:
    return history(*(look(at, store=store) for at, store in seen))


def store(
    updated: float = NOW, stored: int = 5, lag: int = 0, error: str | None = None
) -> AlertStoreReport:
    return AlertStoreReport(updated, stored, stored, None, lag, 0, error)


def test_store_reports_wants_new_figures() -> None:
    fresh = stores((0, store()), (12, store(NOW + 12)))
    assert servicechecks.store_reports(fresh).level is Level.OK
    stale = servicechecks.store_reports(stores((0, store()), (12, store())))
    assert (stale.level, stale.remedy) == (Level.FAIL, units.STORE)
    once = servicechecks.store_reports(stores((60, store())))
    assert (once.level, once.words) == (Level.UNKNOWN, "The alert store last reported 1 min ago.")


LARGE = 2 << 20


@pytest.mark.parametrize(
    ("seen", "level", "remedy"),
    [
        ([store(), store(), store()], Level.OK, None),
        ([store(), store(), store(error="no space is left")], Level.FAIL, None),
        ([store(lag=400), store(stored=6), store(lag=400, stored=7)], Level.OK, None),
        ([store(lag=400), store(lag=400), store(lag=900, stored=6)], Level.OK, None),
        ([store(lag=400), store(lag=400), store(lag=400)], Level.FAIL, units.STORE),
        ([store(lag=400), store(), store(lag=400)], Level.OK, None),
        ([store(lag=LARGE, stored=at) for at in (5, 6, 7)], Level.WARN, None),
        ([store(lag=LARGE - at, stored=at) for at in (5, 6, 7)], Level.OK, None),
    ],
    ids=["nothing waits", "error", "comes and goes", "busy", "stuck", "just came", "falls behind",
         "catches up"],
)  # fmt: skip
def test_storing_wants_alerts_to_get_into_the_database(
    seen: list[AlertStoreReport], level: Level, remedy: str | None
) -> None:
    result = servicechecks.storing(stores(*zip((0, 2, 16, 32), [seen[0], *seen], strict=True)))
    assert (result.level, result.remedy) == (level, remedy)


def test_storing_goes_by_what_is_added_where_the_oldest_alerts_give_way() -> None:
    full = [(at, AlertStoreReport(NOW, 1000, 90 * int(at), None, 400, 0)) for at in range(0, 40, 2)]
    assert servicechecks.storing(stores(*full)).level is Level.OK


@pytest.mark.parametrize(("rate", "level"), [(0, Level.OK), (50, Level.OK), (2000, Level.WARN)])
def test_flood_goes_by_the_rate(rate: int, level: Level) -> None:
    seen = [(float(at), store(NOW + at, stored=at * rate)) for at in range(0, 12, 2)]
    result = servicechecks.flood(stores(*seen))
    assert result.level is level
    assert ("2,000 a second" in result.words) is (level is Level.WARN)


def test_flood_is_none_where_the_store_began_anew() -> None:
    seen = [(float(at), store(NOW + at, stored=10_000 - at)) for at in range(0, 12, 2)]
    assert servicechecks.flood(stores(*seen)).level is Level.OK


def test_storing_gives_the_store_time() -> None:
    assert servicechecks.storing(stores((0, store(lag=9)), (9, store(lag=9)))).level is Level.OK


@pytest.mark.parametrize(
    ("alarm", "state"),
    [
        (None, None),
        (Alarm(NOW - 120, "SCAN of something", "192.0.2.66"), State.ALERT),
        (Alarm(NOW - 601, "SCAN of something", "192.0.2.66"), None),
        (Alarm(NOW + 86400, "SCAN of something", "192.0.2.66"), None),
    ],
    ids=["none", "fresh", "old", "by a clock that was set back"],
)
def test_alarm_tells_of_fresh_ones(alarm: Alarm | None, state: State | None) -> None:
    result = servicechecks.alarm(history(look(alarm=alarm)))
    assert (result.level, result.state) == (Level.OK, state)
    if state:
        assert "2 min ago: SCAN of something (from 192.0.2.66)" in result.words


def test_a_sensor_without_an_engine_complains_of_nothing() -> None:
    without = look(engine=None, listening=None, settings=Settings("none", (), ()))
    result = servicechecks.engine(history(without))
    assert (result.level, result.state, result.remedy) == (Level.OK, None, None)
    assert result.words == "Captures only: this sensor has no engine."
    running = look(engine=None, listening=None)
    assert servicechecks.inspects(history(running)) is None
