# SPDX-License-Identifier: MIT
"""What is kept of a router: whole or not at all, for its owner and the page only."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from appliance.router.keeping import Keeping, Setup
from appliance.router.orders import Order, change


def test_the_password_is_made_once(tmp_path: Path) -> None:
    kept = Keeping("home", tmp_path)
    assert kept.secret() is None
    made = kept.made_secret()
    assert len(made.password) == 32 and kept.made_secret() == made == kept.secret()
    assert Keeping("car", tmp_path).made_secret() != made
    modes = [stat.S_IMODE(file.stat().st_mode) for file in kept.folder.iterdir()]
    assert modes == [0o640] and stat.S_IMODE(kept.folder.stat().st_mode) & 0o007 == 0


def test_a_pin_is_64_digits_however_the_router_writes_it(tmp_path: Path) -> None:
    kept = Keeping("home", tmp_path)
    kept.made_secret()
    kept.set_pin(":".join(["AB"] * 32))
    assert kept.pin() == "ab" * 32
    for wrong in ("", "ab" * 31, "zz" * 32):
        with pytest.raises(ValueError, match="64"):
            kept.set_pin(wrong)
    assert kept.pin() == "ab" * 32


@pytest.mark.parametrize("content", ["", "{", "[]", '{"sha256": 7}', '{"sha256": "x"}', "[" * 9999])
def test_what_is_damaged_is_not_there(tmp_path: Path, content: str) -> None:
    kept = Keeping("home", tmp_path)
    kept.made_secret()
    (kept.folder / "pin.json").write_text(content)
    assert kept.pin() == ""


def test_what_was_done_comes_back_and_goes(tmp_path: Path) -> None:
    kept = Keeping("home", tmp_path)
    done = Setup(1.5, ("user",), (change("/ip/service", {"name": "a"}, disabled="no"),
                                  Order("/tool/sniffer", "stop")), "export\n")  # fmt: skip
    kept.set_setup(done)
    assert kept.setup() == done
    kept.set_setup(None)
    kept.set_setup(None)
    assert kept.setup() is None
