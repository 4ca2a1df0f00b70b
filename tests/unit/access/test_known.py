# SPDX-License-Identifier: MIT
"""Browsers that logged in before."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.access.known import Browsers
from appliance.access.vault import Vault


@pytest.fixture
def browsers(tmp_path: Path) -> Browsers:
    return Browsers(Vault(tmp_path))


@pytest.mark.parametrize("form", ["glovebox-known={}", "a=b; glovebox-known={}; c=d",
                                  "__Host-glovebox-known={}"])  # fmt: skip
def test_its_own_cookie_names_a_browser(browsers: Browsers, form: str) -> None:
    first, second = browsers.cookie(), browsers.cookie()
    name = browsers.name(form.format(first))
    assert name is not None
    assert name == browsers.name(f"glovebox-known={first}")
    assert name != browsers.name(form.format(second))


def test_after_a_restart_it_is_known_too(browsers: Browsers, tmp_path: Path) -> None:
    cookie = f"glovebox-known={browsers.cookie()}"
    assert Browsers(Vault(tmp_path)).name(cookie) == browsers.name(cookie)


@pytest.mark.parametrize(
    "cookies", ["", "glovebox-known=", "glovebox-known=" + "a" * 16 + "." + "0" * 64, "x" * 9999]
)
def test_others_have_no_name(browsers: Browsers, cookies: str) -> None:
    assert browsers.name(cookies) is None


def test_a_changed_one_has_no_name(browsers: Browsers) -> None:
    name, _, signature = browsers.cookie().partition(".")
    other = ("a" if name[0] != "a" else "b") + name[1:]
    assert browsers.name(f"glovebox-known={other}.{signature}") is None


def test_with_a_new_key_nobody_is_known(browsers: Browsers, tmp_path: Path) -> None:
    cookie = f"glovebox-known={browsers.cookie()}"
    vault = Vault(tmp_path)
    vault.bind("one")
    vault.bind("another")
    browsers.renew()
    assert browsers.name(cookie) is None
