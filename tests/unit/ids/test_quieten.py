# SPDX-License-Identifier: MIT
"""What the page wishes is kept, is read by the engine's configuration, and ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.ids import quieten, snort
from appliance.requests import Inbox
from appliance.ruleset import owner_rules, quiet
from appliance.ruleset.quiet import ALL, SOURCE, Quieted, QuietWish
from tests.conftest import PROJECT

FROM = Quieted(1, 1000140, SOURCE, "192.168.88.9", 0.0, 1.0)
DOOR = "glovebox-ids-anew"


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox[QuietWish]:
    for name in ("requests", "doors", "quiet"):
        (tmp_path / name).mkdir()
    return quiet.inbox(tmp_path / "requests")


def carried_out(tmp_path: Path, inbox: Inbox[QuietWish], now: float = 10.0) -> bool:
    return quieten.carry_out(inbox, tmp_path / "quiet", tmp_path / "doors", now)


def test_a_wish_is_kept_and_the_engine_is_told(tmp_path: Path, inbox: Inbox[QuietWish]) -> None:
    inbox.post(QuietWish(FROM))
    assert carried_out(tmp_path, inbox)
    assert quiet.read(tmp_path / "quiet").entries == (FROM,)
    assert (tmp_path / "doors" / DOOR).exists()
    checker = snort.checker(PROJECT / "config/snort", None)
    gathered = owner_rules.gather([tmp_path / "quiet/rules"], checker)
    assert gathered.problems == []
    given = snort.entries(gathered)
    assert [text for _, text in given] == [FROM.line]
    for file in ("list.json", "rules/quieted.rules"):
        assert (tmp_path / "quiet" / file).stat().st_mode & 0o777 == 0o644


def test_nothing_is_written_where_nothing_changes(tmp_path: Path, inbox: Inbox[QuietWish]) -> None:
    assert not carried_out(tmp_path, inbox)
    assert list((tmp_path / "quiet").iterdir()) == []
    inbox.post(QuietWish(FROM))
    carried_out(tmp_path, inbox)
    (tmp_path / "doors" / DOOR).unlink()
    written = (tmp_path / "quiet/list.json").stat().st_mtime_ns
    inbox.post(QuietWish(FROM))
    assert not carried_out(tmp_path, inbox)
    assert (tmp_path / "quiet/list.json").stat().st_mtime_ns == written
    assert not (tmp_path / "doors" / DOOR).exists()


def test_what_is_lifted_leaves_no_line(tmp_path: Path, inbox: Inbox[QuietWish]) -> None:
    inbox.post(QuietWish(FROM))
    carried_out(tmp_path, inbox)
    inbox.post(QuietWish(FROM, lift=True))
    assert carried_out(tmp_path, inbox)
    assert quiet.read(tmp_path / "quiet").entries == ()
    assert not (tmp_path / "quiet/rules/quieted.rules").exists()


def test_what_was_for_a_time_ends_by_itself(tmp_path: Path, inbox: Inbox[QuietWish]) -> None:
    inbox.post(QuietWish(Quieted(1, 7, ALL, until=50.0)))
    inbox.post(QuietWish(FROM))
    carried_out(tmp_path, inbox)
    assert not carried_out(tmp_path, inbox, 49.0)
    assert carried_out(tmp_path, inbox, 50.0)
    assert quiet.read(tmp_path / "quiet").entries == (FROM,)


def test_lines_that_a_power_cut_left_behind_are_made_good(
    tmp_path: Path, inbox: Inbox[QuietWish]
) -> None:
    inbox.post(QuietWish(FROM))
    carried_out(tmp_path, inbox)
    (tmp_path / "quiet/rules/quieted.rules").unlink()
    assert carried_out(tmp_path, inbox)
    assert FROM.line in (tmp_path / "quiet/rules/quieted.rules").read_text()


def test_wrong_wishes_and_a_damaged_list_stop_nothing(
    tmp_path: Path, inbox: Inbox[QuietWish]
) -> None:
    (tmp_path / "quiet/list.json").write_text("{")
    inbox.post(QuietWish(Quieted(1, 7, "by_src", "any]; alert")))
    inbox.post(QuietWish(FROM))
    assert carried_out(tmp_path, inbox)
    assert quiet.read(tmp_path / "quiet").entries == (FROM,)
