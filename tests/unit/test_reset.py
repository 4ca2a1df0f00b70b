# SPDX-License-Identifier: MIT
"""What is deleted when the owner asks for it, and that a power cut leaves nothing half done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import files, reset
from appliance.requests import EVERYTHING, PERSONAL
from appliance.reset import ErasedPlaces, erase, wanted


@pytest.fixture
def places(tmp_path: Path) -> ErasedPlaces:
    """Return a card that was in use."""
    made = ErasedPlaces(tmp_path / "boot", tmp_path / "data", tmp_path / "defaults.toml")
    for name in ("alerts/alerts.db", "blocking/blocks.json", "dhcp/eth0.leases",
                 "logs/2026-11-30", "router/home/history.db", "web/password", "web/log-ins.json",
                 "web/token", "settings/glovebox.toml", "rules.d/own.rules", "ssh/key",
                 "lost+found/x"):  # fmt: skip
        file = made.data / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("of the owner")
    made.boot.mkdir()
    made.defaults.write_text("# defaults\n")
    for name in ("glovebox.toml", "glovebox-errors.txt", "user-data", "kernel8.img",
                 "rules/own.rules", "intel/own.txt", "glovebox-rules.txt"):  # fmt: skip
        (made.boot / name).parent.mkdir(exist_ok=True)
        (made.boot / name).write_text("of the owner")
    return made


def remaining(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if not file.is_dir()}


def test_nothing_is_wanted_by_itself(places: ErasedPlaces) -> None:
    assert wanted(places) is None
    (places.data / reset.NOTE).write_text("rubbish")
    assert wanted(places) is None


@pytest.mark.parametrize("name", ["reset", "reset.txt"])
def test_a_file_on_boot_resets_everything(places: ErasedPlaces, name: str) -> None:
    (places.boot / name).write_text("")
    assert wanted(places) == EVERYTHING
    assert erase(EVERYTHING, places) == []
    assert remaining(places.data) == {"lost+found/x"}
    assert remaining(places.boot) == {"glovebox.toml", "kernel8.img"}
    assert (places.boot / "glovebox.toml").read_text() == "# defaults\n"
    assert wanted(places) is None


def test_personal_data_goes_and_the_rest_stays(places: ErasedPlaces) -> None:
    (places.data / reset.NOTE).write_text(PERSONAL + "\n")
    assert wanted(places) == PERSONAL
    assert erase(PERSONAL, places) == []
    assert remaining(places.data) == {
        "web/password", "web/token", "settings/glovebox.toml", "router/home/history.db",
        "rules.d/own.rules", "ssh/key",
        "lost+found/x",
    }  # fmt: skip
    assert (places.boot / "glovebox.toml").read_text() == "of the owner"


@pytest.mark.parametrize("what", [PERSONAL, EVERYTHING])
def test_a_power_cut_at_any_step_is_made_up_for(
    places: ErasedPlaces, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (places.data / reset.NOTE).write_text(what)
    real = reset._delete
    for cut in range(100):
        left = iter(range(cut))

        def delete(place: Path, left: Iterator[int] = left) -> list[str]:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return real(place)

        with monkeypatch.context() as patched:
            patched.setattr(reset, "_delete", delete)
            try:
                erase(what, places)
                break
            except KeyboardInterrupt:
                # Either it is asked for still, or nothing is left but to look for other requests.
                if wanted(places) is None:
                    break
    assert wanted(places) is None
    assert "alerts/alerts.db" not in remaining(places.data)


def test_links_are_deleted_and_not_followed(places: ErasedPlaces, tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    (films / "film.mkv").write_text("a film")
    (places.data / "alerts" / "link").symlink_to(films)
    (places.data / "link").symlink_to(films)
    (places.data / reset.NOTE).write_text(EVERYTHING)
    assert erase(EVERYTHING, places) == []
    assert (films / "film.mkv").exists()


def test_what_cannot_be_deleted_is_told_and_tried_again(
    places: ErasedPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    (places.boot / "reset").write_text("")

    def full(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(files, "write_durable", full)
    assert erase(EVERYTHING, places) == ["glovebox.toml: Read-only file system"]
    assert wanted(places) == EVERYTHING
