# SPDX-License-Identifier: MIT
"""Lists on the card: what comes into force, what stays, and what the owner is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.intel import card_lists, kept_lists
from appliance.intel.card_lists import CardLists, agree, told
from appliance.intel.public_suffixes import PublicSuffixes
from appliance.reports.intel import IntelListsReport, ListStanding
from tests.unit.intel.sample_lists import take

MANY = "".join(f"h{number}.bad.example\n" for number in range(200))


def only(report: IntelListsReport) -> ListStanding:
    (found,) = report.lists
    return found


def entries(folder: Path, name: str = "a.txt") -> int:
    with kept_lists.KeptList(folder / f"kept/{name}.list") as kept:
        return len(list(kept.lines()))


def test_a_list_comes_into_force(tmp_path: Path) -> None:
    text = "bad.example\nBAD.example\n198.51.100.7\n203.0.113.0/28\nco.uk\n://\n2001:db8::/64"
    found = only(take(tmp_path, a_txt=text))
    facts = found.facts
    assert facts and (facts.names, facts.networks, facts.refused) == (1, 3, 2)
    assert (facts.lengths4, facts.lengths6) == ((28, 32), (64,))
    assert facts.reasons == {"a public suffix": 1, "a URL: its host may serve others, too": 1}
    assert told(found) == "a.txt: 1 names, 3 networks, 2 refused"


def test_an_unchanged_list_is_not_written_again(tmp_path: Path) -> None:
    first = only(take(tmp_path, a_txt=MANY))
    file = tmp_path / "kept/a.txt.list"
    was = file.stat().st_ino
    assert only(take(tmp_path)).facts == first.facts
    assert file.stat().st_ino == was


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<html>502", "a web page"),
        ("", "it is empty"),
        ("://\n://\n", "nothing in it can be used"),
        ('{"cidr":"198.51.100.0/24"}\n', "cut off"),
    ],
)
def test_what_is_no_list_leaves_the_one_before(tmp_path: Path, text: str, why: str) -> None:
    take(tmp_path, a_txt=MANY)
    found = only(take(tmp_path, a_txt=text))
    assert why in found.trouble and found.facts and found.facts.names == 200
    assert entries(tmp_path) == 200
    assert "cannot be used" in told(found)


def test_half_a_list_waits_for_the_owner(tmp_path: Path) -> None:
    take(tmp_path, a_txt=MANY)
    found = only(take(tmp_path, a_txt=MANY[: len(MANY) // 3]))
    assert "lost more than half" in found.held and entries(tmp_path) == 200
    assert "waits for you" in told(found)
    agree(tmp_path / "kept", "a.txt", found.digest)
    assert only(take(tmp_path)).held == "" and entries(tmp_path) < 100


def test_a_list_that_the_card_no_longer_has_is_gone(tmp_path: Path) -> None:
    take(tmp_path, a_txt=MANY, b_txt="bad.example\n")
    (tmp_path / "card/a.txt").unlink()
    assert only(take(tmp_path)).name == "b.txt"
    assert kept_lists.names(tmp_path / "kept") == ["b.txt"]


def test_only_plain_files_are_lists(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    (tmp_path / "card/folder").mkdir()
    for name in (".hidden", "README.txt", "a b", "x" * 65, "ü.txt", "_.DS"):
        (tmp_path / "card" / name).write_text("bad.example\n")
    assert take(tmp_path).lists == ()


def test_more_lists_than_there_may_be_are_left_out(tmp_path: Path) -> None:
    files = {f"l{number:02}_txt": "bad.example\n" for number in range(34)}
    assert len(take(tmp_path, **files).lists) == 32


def test_bounds_of_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_lists, "MOST_ENTRIES", 100)
    assert "more than 1,000,000" in only(take(tmp_path, a_txt=MANY)).trouble
    monkeypatch.setattr(card_lists, "LARGEST", 10)
    assert "larger than 32 MB" in only(take(tmp_path)).trouble
    monkeypatch.undo()
    monkeypatch.setattr(card_lists, "MOST_BYTES", 1000)
    assert "no room" in only(take(tmp_path)).trouble


def test_a_line_without_end_is_one_refused_line(tmp_path: Path) -> None:
    found = only(take(tmp_path, a_txt="x" * 100_000 + "\nbad.example\n" + "y" * 5000))
    assert found.facts and (found.facts.names, found.facts.refused) == (1, 2)


def test_a_full_card_leaves_the_list_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(tmp_path, a_txt=MANY)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("appliance.files.write_durable", full)
    found = only(take(tmp_path, a_txt=MANY + "new.bad.example\n"))
    assert found.trouble == "No space left on device" and entries(tmp_path) == 200


def test_lists_of_the_internet_stand_beside_those_of_the_card(tmp_path: Path) -> None:
    take(tmp_path, a_txt="bad.example\n", b_txt="bad.example\n")
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    for name in ("b.txt", "drop", "drop.state.json"):
        (fetched / name).write_text("198.51.100.0/24\n203.0.113.0/24\n")
    lists = CardLists(tmp_path / "card", tmp_path / "kept", PublicSuffixes(), fetched)
    report = lists.take(0.0)
    assert [each.name for each in report.lists] == ["a.txt", "b.txt", "drop"]
    # The owner's own file counts where both have one name.
    assert entries(tmp_path, "b.txt") == 1 and entries(tmp_path, "drop") == 2


def test_no_card_is_no_list(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    lists = CardLists(tmp_path / "none", tmp_path / "kept", PublicSuffixes())
    assert lists.take(0.0).lists == ()


def test_what_the_owner_agreed_to_is_remembered_within_bounds(tmp_path: Path) -> None:
    for number in range(40):
        agree(tmp_path, f"l{number}", "d")
    assert len(card_lists.read_agreed(tmp_path)) == 32
    (tmp_path / "agreed.json").write_text("[1]")
    assert card_lists.read_agreed(tmp_path) == {}


def said(number: int, day: str, *names: str) -> str:
    head = {"pulse": f"65a{number}", "name": f"Kit {number}", "author": "team", "modified": day}
    found = [{"indicator": name, "type": "domain"} for name in names]
    return "".join(json.dumps(each) + "\n" for each in (head, *found))


def test_an_entry_is_kept_with_all_who_say_so(tmp_path: Path) -> None:
    pulses = [
        said(number, "2026-11-20", "bad.example", f"h{number}.example") for number in range(9)
    ]
    found = only(take(tmp_path, otx="".join(pulses)))
    assert found.facts and found.facts.names == 10
    with kept_lists.KeptList(tmp_path / "kept/otx.list") as kept:
        both = kept.origins("bad.example")
        assert kept.origins("h3.example") == (both[3],)
    assert [each.title for each in both] == [f"Kit {number}" for number in range(8)]


def test_who_says_so_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_lists, "MOST_DIFFERENT", 2)
    pulses = [said(number, "2026-11-20", f"h{number}.example") for number in range(4)]
    take(tmp_path, otx="".join(pulses))
    with kept_lists.KeptList(tmp_path / "kept/otx.list") as kept:
        known = [bool(kept.origins(f"h{number}.example")) for number in range(4)]
    assert known == [True, True, False, False] and entries(tmp_path, "otx") == 4


def test_what_expires_leaves_though_the_file_stays(tmp_path: Path) -> None:
    text = said(1, "2026-11-20", "old.example") + said(2, "2026-11-25", "new.example")
    first = only(take(tmp_path, otx=text))
    assert first.facts and entries(tmp_path, "otx") == 2
    lists = CardLists(tmp_path / "card", tmp_path / "kept", PublicSuffixes())
    soon = only(lists.take(first.facts.until - 1))
    assert soon.facts == first.facts
    later = only(lists.take(first.facts.until))
    assert later.facts and entries(tmp_path, "otx") == 1
    assert later.facts.reasons == {"expired": 1} and later.facts.until > first.facts.until
    # Of the last one nothing is left: that is no bad list.
    last = only(lists.take(later.facts.until))
    assert not last.trouble and entries(tmp_path, "otx") == 0
