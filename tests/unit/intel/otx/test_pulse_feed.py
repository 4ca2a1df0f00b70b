# SPDX-License-Identifier: MIT
"""OTX on good and bad days: what is in force never gets fewer but by what was withdrawn."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.formats.list_sources import ListSource
from appliance.intel import kept_lists
from appliance.intel.allowed import allowed_of
from appliance.intel.card_lists import CardLists
from appliance.intel.fetched_lists import DAY_S
from appliance.intel.list_outputs import OUTPUTS, ListToTell
from appliance.intel.otx.pulse_feed import BY_EXPORT, NO_KEY, PulseFeed
from appliance.intel.public_suffixes import PublicSuffixes
from tests.unit.intel.bad_server import certificate
from tests.unit.intel.otx.played_otx import HEX, KEY, PlayedOtx, indicator, playing_otx, pulse

# 2026-11-27
NOW = 1_795_737_600.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def tls(made: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=made[0])


@pytest.fixture
def otx(made: tuple[Path, Path]) -> Iterator[PlayedOtx]:
    pulses = [pulse(number, f"bad{number}.example") for number in range(45)]
    with playing_otx(*made, PlayedOtx(pulses)) as played:
        yield played


def feed(folder: Path, otx: PlayedOtx, key: str = KEY, now: float = NOW) -> PulseFeed:
    folder.mkdir(exist_ok=True)
    made = PulseFeed(ListSource("otx", otx.url, "OTX", "", "otx_key"), folder, lambda: 0.0, key)
    made.begin(now)
    return made


def ask(found: PulseFeed, tls: ssl.SSLContext, now: float, pages: int = 200) -> float:
    """Ask for pages until it rests; return when it wants to be asked again."""
    for _ in range(pages):
        found.fetch(tls, now)
        if found.due > now + 60:
            break
    return found.due


def names(folder: Path, now: float = NOW) -> set[str]:
    """Return what is in force of what was fetched."""
    kept = folder / "kept"
    kept.mkdir(exist_ok=True)
    CardLists(folder / "card", kept, PublicSuffixes(), folder).take(now)
    return {entry.decode() for entry in kept_lists.entries(kept)}


def all_of(otx: PlayedOtx) -> set[str]:
    return {str(each["indicator"]) for one in otx.pulses for each in one["indicators"]}


def test_pulses_come_in_small_pages(otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path) -> None:
    found = feed(tmp_path, otx)
    due = ask(found, tls, NOW)
    assert otx.asked == [f"pulses/subscribed?limit=20&page={page}" for page in (1, 2, 3)]
    assert otx.keys == {KEY}
    assert names(tmp_path) == all_of(otx)
    assert not found.trouble and 0.9 * DAY_S < due - NOW < 1.1 * DAY_S
    standing = found.standing()
    assert standing.answered == standing.changed == NOW and standing.size > 1000


def test_later_only_what_changed_is_asked_for(
    otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    found = feed(tmp_path, otx)
    due = ask(found, tls, NOW)
    inode = (tmp_path / "otx").stat().st_ino
    del otx.asked[:]
    due = ask(found, tls, due)
    # An hour of it twice: clocks differ.
    assert otx.asked == ["pulses/subscribed?limit=20&page=1&modified_since=2026-11-26T23%3A00%3A00"]
    # The card is written to only where something changed.
    assert (tmp_path / "otx").stat().st_ino == inode
    assert found.standing().answered > found.standing().changed == NOW
    changed = otx.pulses[7]
    changed["modified"] = "2026-11-29T00:00:00"
    changed["indicators"] = [indicator("new.example")]
    ask(found, tls, due)
    assert names(tmp_path) == all_of(otx)
    assert "bad7.example" not in names(tmp_path) and "new.example" in names(tmp_path)


@pytest.mark.slow
def test_a_round_goes_on_where_504_ended_it(
    otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    otx.slow_from = 25
    found = feed(tmp_path, otx)
    ask(found, tls, NOW)
    assert found.failures == 1 and found.trouble == "it answered 504"
    # Twenty, ten, five, one at a time, up to the place that the server cannot.
    assert otx.asked[-1] == "pulses/subscribed?limit=1&page=26"
    assert not (tmp_path / "otx").exists() and names(tmp_path) == set()
    del otx.asked[:]
    otx.slow_from = 1 << 30
    # The power was cut meanwhile.
    again = feed(tmp_path, otx, now=found.due)
    ask(again, tls, again.due)
    assert otx.asked[0] == "pulses/subscribed?limit=1&page=26" and len(otx.asked) == 20
    assert names(tmp_path) == all_of(otx) and not again.trouble


def test_a_server_that_is_too_slow_for_large_pages_is_asked_for_small_ones(
    otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    otx.most = 5
    found = feed(tmp_path, otx)
    ask(found, tls, NOW)
    assert names(tmp_path) == all_of(otx) and found.failures == 0
    assert [each.count("limit=5") for each in otx.asked].count(1) == 9


def test_the_last_good_list_stays_on_bad_days(
    otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    found = feed(tmp_path, otx)
    due = ask(found, tls, NOW)
    before = names(tmp_path)
    otx.slow_from = 0
    waits = []
    for _ in range(6):
        later = ask(found, tls, due)
        waits.append(later - due)
        due = later
    assert waits == sorted(waits) and waits[0] >= 900
    assert names(tmp_path) == before and found.trouble == "it answered 504"


BAD = {
    b"<html>502</html>": "its answer is not JSON",
    b'{"results": {}}': "its answer holds no pulses",
    b"[]": "its answer holds no pulses",
    b"[" * 100_000: "its answer is not JSON",
    b'{"results": [' + b" " * (5 << 20): "it is larger than 4 MB",
}


@pytest.mark.slow
@pytest.mark.parametrize("said", BAD, ids=lambda said: str(said[:20]))
def test_an_answer_that_is_none_changes_nothing(
    otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path, said: bytes
) -> None:
    found = feed(tmp_path, otx)
    due = ask(found, tls, NOW)
    before = names(tmp_path)
    otx.say = said
    ask(found, tls, due, pages=5)
    assert found.trouble == BAD[said] and names(tmp_path) == before


@pytest.mark.slow
def test_after_three_days_the_export_is_asked(
    otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    found = feed(tmp_path, otx)
    due = ask(found, tls, NOW)
    before = names(tmp_path)
    otx.slow_from = 0
    otx.flat = [indicator("only-exported.example"), indicator("198.51.100.9", "IPv4")]
    otx.flat += [indicator(f"also{number}.example", "hostname") for number in range(1500)]
    while not otx.asked[-1].startswith("indicators/export"):
        due = ask(found, tls, due)
        assert due < NOW + 6 * DAY_S
    exported = [each for each in otx.asked if each.startswith("indicators/export")]
    kinds = "types=domain%2Chostname%2CIPv4%2CIPv6%2CCIDR"
    assert exported == [f"indicators/export?limit=1000&page={page}&{kinds}" for page in (1, 2)]
    assert found.trouble == BY_EXPORT and found.failures == 0
    assert names(tmp_path) == before | {str(each["indicator"]) for each in otx.flat}
    # On the next day pulses are tried again, and hold.
    otx.slow_from = 1 << 30
    del otx.asked[:]
    ask(found, tls, due)
    assert otx.asked[0].startswith("pulses/subscribed") and not found.trouble


def test_a_pulse_that_was_withdrawn_is_gone_within_a_week(
    otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    found = feed(tmp_path, otx)
    due = ask(found, tls, NOW)
    del otx.pulses[3]
    gone = {"bad3.example"}
    days = 0
    while names(tmp_path) & gone:
        due = ask(found, tls, due)
        days += 1
        assert days <= 9
    assert days > 1 and names(tmp_path) == all_of(otx)


def test_pages_that_moved_take_no_pulse_away(
    otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    due = ask(feed(tmp_path, otx), tls, NOW)
    # It tells of 45 and shows 44: one slipped from one page to the one before.
    otx.count = len(otx.pulses)
    slipped = otx.pulses.pop(20)
    found = feed(tmp_path, otx)
    found.state = replace(found.state, whole=0.0)
    ask(found, tls, due)
    assert names(tmp_path) == all_of(otx) | {str(slipped["indicators"][0]["indicator"])}


def test_the_rest_of_a_large_pulse_is_asked_for(
    otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    otx.pulses[2]["more_indicators"] = otx.pulses[4]["more_indicators"] = True
    large = f"{HEX}02"
    otx.more[large] = [indicator(f"more{number}.example") for number in range(700)]
    found = feed(tmp_path, otx)
    ask(found, tls, NOW)
    rest = [each for each in otx.asked if "/indicators" in each]
    # Of the other the server knows nothing.
    assert rest == [
        f"pulses/{large}/indicators?limit=500&page=1",
        f"pulses/{large}/indicators?limit=500&page=2",
        f"pulses/{HEX}04/indicators?limit=500&page=1",
    ]  # fmt: skip
    assert names(tmp_path) == all_of(otx) | {f"more{number}.example" for number in range(700)}
    with kept_lists.KeptList(tmp_path / "kept/otx.list") as kept:
        (origin,) = kept.origins("more699.example")
    assert origin.title == "Pulse 2" and origin.link == f"https://otx.alienvault.com/pulse/{large}"


def test_without_a_key_nothing_is_asked(
    otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    found = feed(tmp_path, otx, key="")
    ask(found, tls, NOW)
    assert found.trouble == NO_KEY and otx.asked == []
    wrong = feed(tmp_path, otx, key="wrong-key")
    ask(wrong, tls, NOW)
    assert wrong.trouble == "it answered 403: is the key right?"


def test_a_full_card_is_told(
    otx: PlayedOtx, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    found = feed(tmp_path, otx)
    monkeypatch.setattr("appliance.files.write_durable", full)
    ask(found, tls, NOW)
    assert found.trouble == "No space left on device" and not (tmp_path / "otx").exists()


def test_the_recorded_pulses_with_hostile_indicators(
    made: tuple[Path, Path], tls: ssl.SSLContext, tmp_path: Path, shared_data: Path
) -> None:
    folder = shared_data / "pictures/otx"
    pages = [json.loads((folder / f"subscribed-page{n}.json").read_text()) for n in (1, 2)]
    expected = json.loads((folder / "expected.json").read_text())
    allowed = set(expected["allow"])
    with playing_otx(*made, PlayedOtx([each for page in pages for each in page["results"]])) as otx:
        ask(feed(tmp_path, otx), tls, NOW)
    kept = tmp_path / "kept"
    kept.mkdir()
    suffixes = PublicSuffixes()
    report = CardLists(tmp_path / "card", kept, suffixes, tmp_path).take(NOW)
    (standing,) = report.lists
    entries = {entry.decode() for entry in kept_lists.entries(kept)}
    # What the owner allows stands on the list, and raises nothing.
    beyond = {*expected["names"], *(each.split("/32")[0].split("/128")[0]
              for each in expected["networks"])}  # fmt: skip
    assert entries == beyond | allowed | {"www.allowed.example"}
    refused = [each for each in expected["refused"] if each["why"] != "allowed"]
    assert standing.facts is not None and standing.facts.refused == len(refused) + 1
    # IDN as letters are refused: names are written as xn--….
    with kept_lists.KeptList(kept / "otx.list") as found:
        for name, pulses in {**expected["names"]}.items():
            links = [each.link.rpartition("/")[2] for each in found.origins(name)]
            assert links == pulses
        (first, _) = found.origins("198.51.100.66")
    assert first.title == 'Phishing "bank" kit with a line break and a tab'
    assert (first.author, first.day) == ("research-team", "2026-11-20")
    with kept_lists.KeptList(kept / "otx.list") as found:
        text = {name: told_to(name, found, expected["allow"]) for name in OUTPUTS}
    assert rows(text["networks.txt"]) == rows((folder / "expected.ipset.txt").read_text())
    recorded = (folder / "expected.domains-and-addresses.intel").read_text()
    assert rows(text["zeek.intel"]) == rows(recorded.replace("\tOTX/", "\totx/"))
    zone = (folder / "expected.rpz.zone").read_text().splitlines()
    wanted = {line for line in zone if " CNAME " in line}
    # What is allowed stands there as an address, too.
    given = {line for line in text["rpz.zone"].splitlines() if " CNAME " in line}
    assert given - wanted == {"32.53.2.0.192.rpz-ip CNAME rpz-passthru."} and not wanted - given


def told_to(name: str, found: kept_lists.KeptList, allow: list[str]) -> str:
    """Return what another program gets of a list."""
    lists = [ListToTell("otx", list(found.told()))]
    return "".join(OUTPUTS[name](lists, allowed_of(allow), 1))


def rows(text: str) -> set[str]:
    return set(text.splitlines())
