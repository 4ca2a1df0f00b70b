# SPDX-License-Identifier: MIT
"""Which system runs, which is kept, which ones are whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import GloveboxError
from appliance.host.systems import A, B
from appliance.update.systems_here import look
from tests.unit.update.card_made_here import card


def test_a_new_card_has_one_system(tmp_path: Path) -> None:
    here = look(card(tmp_path, A))
    assert (here.running, here.kept, here.on_trial) == (A, A, False)
    assert here.whole == {A}


def test_a_trial_is_a_system_that_is_not_kept(tmp_path: Path) -> None:
    here = look(card(tmp_path, A, B, running=B))
    assert (here.running, here.kept, here.on_trial) == (B, A, True)


@pytest.mark.parametrize("name", ["vmlinuz", "initrd.img", "cmdline.txt"])
@pytest.mark.parametrize("empty", [False, True])
def test_a_system_that_lacks_something_is_not_whole(tmp_path: Path, name: str, empty: bool) -> None:
    places = card(tmp_path, A, B)
    file = places.boot / "b" / name
    file.unlink()
    if empty:
        file.touch()
    assert look(places).whole == {A}


def test_a_system_with_the_root_of_another_is_not_whole(tmp_path: Path) -> None:
    places = card(tmp_path, A, B)
    line = places.boot / B.command_line
    line.write_text(line.read_text().replace("-06", "-02"))
    assert look(places).whole == {A}


@pytest.mark.parametrize("what", ["config", "root"])
def test_an_older_card_says_so(tmp_path: Path, what: str) -> None:
    places = card(tmp_path, A)
    if what == "config":
        (places.boot / "config.txt").write_text("kernel=vmlinuz\n")
    else:
        places.command_line.write_text("root=LABEL=ROOT\n")
    with pytest.raises(GloveboxError, match="write the card anew"):
        look(places)


def test_a_boot_that_cannot_be_read(tmp_path: Path) -> None:
    places = card(tmp_path, A)
    (places.boot / "config.txt").unlink()
    with pytest.raises(GloveboxError, match="BOOT cannot be read"):
        look(places)
