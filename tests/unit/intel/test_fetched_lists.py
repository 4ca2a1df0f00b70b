# SPDX-License-Identifier: MIT
"""Lists of the Internet on the card: whatever a server answers, what is in force gets no fewer."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.formats.list_sources import ListSource
from appliance.intel.card_lists import CardLists
from appliance.intel.fetched_lists import DAY_S, FetchedList, forget_others
from appliance.intel.public_suffixes import PublicSuffixes
from tests.unit.intel.bad_server import GOOD, PATHS, certificate, playing

NOW = 1_795_777_200.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def tls(made: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=made[0])


@pytest.fixture(scope="module")
def server(made: tuple[Path, Path]) -> Iterator[str]:
    with playing(*made) as url:
        yield url


def a_list(folder: Path, url: str) -> FetchedList:
    folder.mkdir(exist_ok=True)
    found = FetchedList(ListSource("drop", url, "A list"), folder, lambda: 0.5)
    found.begin(NOW)
    return found


def test_a_list_is_fetched_once_a_day(server: str, tls: ssl.SSLContext, tmp_path: Path) -> None:
    found = a_list(tmp_path, f"{server}/good")
    assert NOW <= found.due <= NOW + 90
    found.fetch(tls, NOW)
    assert (tmp_path / "drop").read_bytes() == GOOD
    assert found.due == NOW + DAY_S
    inode = (tmp_path / "drop").stat().st_ino
    found.fetch(tls, NOW + DAY_S)
    standing = found.standing()
    assert (standing.answered, standing.changed, standing.size) == (NOW + DAY_S, NOW, len(GOOD))
    assert (tmp_path / "drop").stat().st_ino == inode


def test_a_restart_knows_what_was_fetched(server: str, tls: ssl.SSLContext, tmp_path: Path) -> None:
    a_list(tmp_path, f"{server}/good").fetch(tls, NOW)
    again = a_list(tmp_path, f"{server}/good")
    assert again.due == NOW + DAY_S and again.state.tag
    # Of another address nothing is known, and neither is it without the file.
    assert a_list(tmp_path, f"{server}/moved").state.tag == ""
    (tmp_path / "drop").unlink()
    assert a_list(tmp_path, f"{server}/good").state.tag == ""


def test_a_time_ahead_of_now_is_no_reason_to_wait(
    server: str, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    a_list(tmp_path, f"{server}/good").fetch(tls, NOW + 900 * DAY_S)
    assert a_list(tmp_path, f"{server}/good").due <= NOW + 90


def test_failures_are_told_and_tried_again_less_and_less(
    server: str, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    found = a_list(tmp_path, f"{server}/404")
    waits = []
    for _ in range(12):
        found.fetch(tls, NOW)
        waits.append(found.due - NOW)
    assert waits == sorted(waits) and 900 <= waits[0] <= 1000 and waits[-1] <= 1.1 * DAY_S
    assert found.failures == 12 and found.standing().trouble == "it answered 404"
    later = a_list(tmp_path, f"{server}/503")
    later.fetch(tls, NOW)
    assert later.due - NOW >= 7200


BAD = sorted(PATHS.keys() - {"/good", "/moved", "/tag", "/drips", "/drips-headers", "/endless"})


@pytest.mark.slow
@pytest.mark.parametrize("path", BAD)
def test_no_bad_download_takes_entries_away(
    server: str, tls: ssl.SSLContext, tmp_path: Path, path: str
) -> None:
    found = a_list(tmp_path / "fetched", f"{server}/good")
    (tmp_path / "kept").mkdir()
    lists = CardLists(tmp_path / "card", tmp_path / "kept", PublicSuffixes(), tmp_path / "fetched")
    found.fetch(tls, NOW)
    (before,) = lists.take(NOW).lists
    assert before.facts and before.facts.entries == 2
    bad = FetchedList(ListSource("drop", server + path, "A list"), tmp_path / "fetched", lambda: 0)
    bad.begin(NOW)
    bad.fetch(tls, NOW)
    (after,) = lists.take(NOW + 1).lists
    assert after.facts == before.facts
    assert bad.trouble or after.trouble


def test_a_full_card_is_told(
    server: str, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    found = a_list(tmp_path, f"{server}/good")
    monkeypatch.setattr("appliance.files.write_durable", full)
    found.fetch(tls, NOW)
    assert found.trouble == "No space left on device" and not (tmp_path / "drop").exists()


def test_lists_that_are_chosen_no_more_are_gone(tmp_path: Path) -> None:
    for name in ("drop", "drop.state.json", "old", "old.state.json", ".left.new"):
        (tmp_path / name).touch()
    forget_others(tmp_path, [ListSource("drop", "https://example.org/", "A list")])
    assert {file.name for file in tmp_path.iterdir()} == {"drop", "drop.state.json"}
