# SPDX-License-Identifier: MIT
"""Doors and inboxes: who asks, what waits, and what hostile writers may put there."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance import requests
from appliance.renewal.service import FETCH_UNIT
from appliance.requests import FullError, Inbox
from appliance.supervisor.policy import LADDERS
from tests.conftest import PROJECT

UNITS = PROJECT / "systemd" / "system"
STEPS = sorted({step for ladder in LADDERS.values() for step in ladder})


@pytest.mark.parametrize(
    ("unit", "name"),
    [("a.service", "a"), ("a-b.service", "a-b"), ("a.socket", "a.socket")],
)
def test_request_is_an_empty_file_named_after_the_unit(
    unit: str, name: str, tmp_path: Path
) -> None:
    requests.restart(unit, tmp_path)
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [(name, 0)]


def test_request_that_nobody_took_is_an_error(tmp_path: Path) -> None:
    requests.restart("a.service", tmp_path)
    with pytest.raises(FileExistsError):
        requests.restart("a.service", tmp_path)


def test_request_without_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        requests.restart("a.service", tmp_path / "missing")


@pytest.mark.parametrize("unit", STEPS)
def test_each_unit_that_the_policy_restarts_has_a_door(unit: str) -> None:
    text = (UNITS / "glovebox-supervisor.service").read_text()
    assert f"glovebox-restart@{unit.removesuffix('.service')}.path" in text


def test_there_are_no_other_doors() -> None:
    text = (UNITS / "glovebox-supervisor.service").read_text()
    doors = re.findall(r"glovebox-restart@(\S+)\.path\b", text)
    assert sorted(doors) == sorted(unit.removesuffix(".service") for unit in STEPS)


def test_what_was_chosen_has_a_door_to_who_fetches() -> None:
    door = f"glovebox-restart@{FETCH_UNIT.removesuffix('.service')}.path"
    assert f"Wants={door}\n" in (UNITS / "glovebox-renewal.path").read_text()


def test_door_and_request_mean_the_same_folder() -> None:
    for name in ("glovebox-restart@.path", "glovebox-restart@.service"):
        assert f"{requests.RESTARTS}/%i" in (UNITS / name).read_text()


def test_selftest_is_asked_for_by_writing(tmp_path: Path) -> None:
    for _ in range(2):
        requests.selftest(tmp_path)
    assert abs(float((tmp_path / requests.SELFTEST).read_text()) - time.time()) < 60


@pytest.mark.parametrize(("takes", "door"), [(True, "open"), (False, "close")])
def test_films_are_asked_for_at_two_doors(takes: bool, door: str, tmp_path: Path) -> None:
    for _ in range(2):
        requests.films(takes, tmp_path)
    assert os.listdir(tmp_path) == [door]
    assert requests.taken(tmp_path / door)
    assert not requests.taken(tmp_path / door)


def test_door_and_unit_mean_the_same_file() -> None:
    for name, door in (
        ("glovebox-films-copying.path", f"PathExists={requests.FILMS_OPEN}"),
        ("glovebox-selftest.path", f"PathChanged=/run/glovebox/{requests.SELFTEST}"),
    ):
        assert door in (UNITS / name).read_text().splitlines()


@dataclass(frozen=True, slots=True)
class Block:
    """A request as an area may have one."""

    address: str
    minutes: int = 60

    def __post_init__(self) -> None:
        if not self.address:
            raise ValueError("no address")


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox[Block]:
    (tmp_path / "inbox").mkdir()
    return Inbox(tmp_path / "inbox", Block, size=200, most=4)


def test_requests_are_taken_once_and_the_oldest_first(inbox: Inbox[Block]) -> None:
    posted = [Block(f"192.0.2.{number}") for number in range(4)]
    for request in posted:
        inbox.post(request)
    assert inbox.take() == posted
    assert inbox.take() == []
    assert inbox.refused == 0
    assert os.listdir(inbox.folder) == []


def test_reader_of_another_user_may_read(inbox: Inbox[Block]) -> None:
    inbox.post(Block("192.0.2.1"))
    assert {each.stat().st_mode & 0o777 for each in inbox.folder.iterdir()} == {0o644}


def test_post_refuses_what_is_too_large_or_too_much(inbox: Inbox[Block]) -> None:
    with pytest.raises(ValueError, match="at most 200"):
        inbox.post(Block("x" * 200))
    for _ in range(4):
        inbox.post(Block("192.0.2.1"))
    with pytest.raises(FullError, match="4 requests wait"):
        inbox.post(Block("192.0.2.2"))
    assert len(inbox.take()) == 4


def test_inbox_without_its_folder_is_an_error(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "missing", Block)
    with pytest.raises(FileNotFoundError):
        inbox.post(Block("192.0.2.1"))
    with pytest.raises(FileNotFoundError):
        inbox.take()


def text(content: str) -> Callable[[Path], object]:
    return lambda file: file.write_text(content)


def huge(file: Path) -> None:
    """Make a file of 1 TB that takes no room."""
    with file.open("w") as stream:
        stream.truncate(1 << 40)


def link(file: Path) -> None:
    (file.parent.parent / "theirs").write_text(json.dumps({"address": "192.0.2.9", "minutes": 1}))
    file.symlink_to("../theirs")


def second_name(file: Path) -> None:
    (file.parent.parent / "theirs").write_text(json.dumps({"address": "192.0.2.9", "minutes": 1}))
    os.link(file.parent.parent / "theirs", file)


HOSTILE: dict[str, Callable[[Path], object]] = {
    "symbolic link": link,
    "dangling link": lambda file: file.symlink_to("nothing"),
    "hard link": second_name,
    "FIFO": os.mkfifo,
    "folder": Path.mkdir,
    "huge": huge,
    "one byte too large": text(json.dumps({"address": "x" * 175, "minutes": 1})),
    "empty": text(""),
    "no JSON": text("{"),
    "not UTF-8": lambda file: file.write_bytes(b"\xff\xfe{}"),
    "nested": text("[" * 200),
    "a list": text("[]"),
    "a key too few": text('{"address": "192.0.2.1"}'),
    "a key too many": text('{"address": "192.0.2.1", "minutes": 1, "x": 1}'),
    "wrong type": text('{"address": 1, "minutes": 1}'),
    "negative": text('{"address": "192.0.2.1", "minutes": -1}'),
    "refused by its class": text('{"address": "", "minutes": 1}'),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_does_not_fit_is_refused_counted_and_gone(
    make: Callable[[Path], object], inbox: Inbox[Block], caplog: pytest.LogCaptureFixture
) -> None:
    make(inbox.folder / "00.json")
    inbox.post(Block("192.0.2.1"))
    assert inbox.take() == [Block("192.0.2.1")]
    assert inbox.refused == 1
    assert [record.message.split(":")[1] for record in caplog.records] == [" 1 refused"]
    assert os.listdir(inbox.folder) == []


def test_links_are_not_followed_when_they_are_removed(inbox: Inbox[Block]) -> None:
    link(inbox.folder / "00.json")
    inbox.take()
    assert (inbox.folder.parent / "theirs").exists()


def test_what_cannot_be_read_is_refused(
    inbox: Inbox[Block], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything: the kernel's answer to another user is played."""
    inbox.post(Block("192.0.2.1"))
    opened = os.open

    def refuse(path: Path, flags: int, *more: int) -> int:
        if str(path).endswith(".json"):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", refuse)
    assert inbox.take() == []
    assert inbox.refused == 1
    assert os.listdir(inbox.folder) == []


def test_what_cannot_be_removed_is_not_done(
    inbox: Inbox[Block], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(file))

    inbox.post(Block("192.0.2.1"))
    monkeypatch.setattr(Path, "unlink", refuse)
    assert inbox.take() == []
    assert inbox.refused == 1


def test_what_is_beyond_the_most_is_refused_the_newest_first(inbox: Inbox[Block]) -> None:
    for number in range(10):
        fits = json.dumps({"address": f"192.0.2.{number}", "minutes": 1})
        (inbox.folder / f"{number}.json").write_text(fits)
    assert [request.address[-1] for request in inbox.take()] == ["0", "1", "2", "3"]
    assert inbox.refused == 6
    assert os.listdir(inbox.folder) == []


def test_one_turn_looks_at_a_bounded_number_of_names(
    inbox: Inbox[Block], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "MOST_NAMES", 5)
    for number in range(12):
        (inbox.folder / f"{number}.json").touch()
    inbox.take()
    assert len(os.listdir(inbox.folder)) == 7


def test_unfinished_requests_wait_until_nobody_can_be_writing_them(inbox: Inbox[Block]) -> None:
    written, left = inbox.folder / ".a.json.00.new", inbox.folder / ".b.json.00.new"
    for file in (written, left):
        file.touch()
    os.utime(left, (0.0, 0.0))
    assert inbox.take() == []
    assert inbox.refused == 0
    assert os.listdir(inbox.folder) == [written.name]


@pytest.mark.parametrize("name", [requests.SELFTEST, "open", "close"])
def test_a_request_never_opens_what_another_put_there(name: str, tmp_path: Path) -> None:
    """A link or a pipe in a shared folder is replaced, and what it leads to stays as it was."""
    foreign = tmp_path / "foreign"
    foreign.write_text("another's")
    ask: dict[str, Callable[[], None]] = {
        requests.SELFTEST: lambda: requests.selftest(tmp_path),
        "open": lambda: requests.films(True, tmp_path),
        "close": lambda: requests.films(False, tmp_path),
    }
    (tmp_path / name).symlink_to(foreign)
    ask[name]()
    assert not (tmp_path / name).is_symlink() and foreign.read_text() == "another's"
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    ask[name]()
    assert (tmp_path / name).is_file()
    assert {path.name for path in tmp_path.iterdir()} == {name, "foreign"}


def test_the_marks_that_others_look_at_are_empty_files(tmp_path: Path) -> None:
    requests.visited(tmp_path)
    requests.come_back(tmp_path)
    assert {each.name: each.stat().st_size for each in tmp_path.iterdir()} == {
        requests.VISITED: 0,
        "come-back": 0,
    }
    for unit in ("glovebox-probation-end.path", "glovebox-probation-end.service"):
        assert f"{requests.PROBATION}/come-back" in (UNITS / unit).read_text()


def test_boot_is_written_only_where_it_says_something_else(tmp_path: Path) -> None:
    outbox, boot = tmp_path / "outbox", tmp_path / "boot"
    outbox.mkdir()
    boot.mkdir()
    requests.for_boot("a.txt", b"new", outbox, boot)
    assert (outbox / "a.txt").read_bytes() == b"new"
    (boot / "a.txt").write_bytes(b"new")
    requests.for_boot("a.txt", b"new", outbox, boot)
    assert list(outbox.iterdir()) == []
    requests.for_boot("a.txt", b"", outbox, boot)
    assert (outbox / "a.txt").read_bytes() == b""
