# SPDX-License-Identifier: MIT
"""Where the stages of a build are: below its folder, or outside a closed home directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.errors import InputError
from image.build.stage_folder import closed_to_others, stage_folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home directory as Debian 13 makes it; pytest's own folders are closed as well."""
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path / "home"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return what stands for /var/tmp."""
    (tmp_path / "outside").mkdir()
    return tmp_path / "outside"


def test_root_builds_below_the_folder_however_closed(home: Path, outside: Path) -> None:
    assert stage_folder(home / "build", False, outside) == home / "build" / "cache"
    assert (home / "build" / "cache").is_dir() and not list(outside.iterdir())


def test_closed_home_is_found_wherever_it_is_on_the_way(home: Path) -> None:
    (home / "glovebox").mkdir()
    assert closed_to_others(home / "glovebox" / "build") == home


def test_stages_lie_outside_a_closed_home_and_a_link_leads_there(home: Path, outside: Path) -> None:
    made = stage_folder(home / "build", True, outside)
    assert made.parent.parent == outside and made.is_dir()
    assert made.parent.stat().st_mode & 0o777 == 0o755
    assert (home / "build" / "cache").readlink() == made
    (made / "stage").touch()
    assert stage_folder(home / "build", True, outside) == made
    assert (home / "build" / "cache" / "stage").exists()


def test_each_clone_has_stages_of_its_own(home: Path, outside: Path) -> None:
    assert stage_folder(home / "a" / "build", True, outside) != stage_folder(
        home / "b" / "build", True, outside
    )


def test_stages_that_are_there_already_are_not_given_up_in_silence(
    home: Path, outside: Path
) -> None:
    (home / "build" / "cache" / "tools").mkdir(parents=True)
    with pytest.raises(InputError, match=f"chmod o\\+x {home / 'build' / 'cache'}|clean"):
        stage_folder(home / "build", True, outside)


def test_empty_folder_is_replaced_by_the_link(home: Path, outside: Path) -> None:
    (home / "build" / "cache").mkdir(parents=True)
    assert stage_folder(home / "build", True, outside).parent.parent == outside


@pytest.mark.parametrize("made", ["foreign", "open", "link"])
def test_place_that_somebody_else_prepared_is_refused(
    home: Path, outside: Path, made: str, tmp_path: Path
) -> None:
    place = stage_folder(home / "build", True, outside).parent
    (place / "cache").rmdir()
    if made == "foreign":
        if os.geteuid() != 0:
            pytest.skip("only root gives a folder away")
        os.chown(place, 1000, -1)
    elif made == "open":
        place.chmod(0o777)
    else:
        place.rmdir()
        (tmp_path / "theirs").mkdir()
        place.symlink_to(tmp_path / "theirs")
    with pytest.raises(InputError, match="somebody else"):
        stage_folder(home / "build", True, outside)
