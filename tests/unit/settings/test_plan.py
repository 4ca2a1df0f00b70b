# SPDX-License-Identifier: MIT
"""Settings become files; secrets only those of their own reader."""

from __future__ import annotations

import tomllib
from typing import Any

from appliance.settings import config
from appliance.settings.plan import Plan, plan, public, wired

KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJCoaqsSxDVpS7fxoVnYoyuCOGpNGgZcDpBUSjsz2vSw alice@laptop"
)


SECRET_FILES = (
    "secrets/web.toml",
    "secrets/access_point.toml",
    "secrets/intel.toml",
    "secrets/notify.toml",
    "secrets/forward.toml",
)


def made(tables: dict[str, Any]) -> Plan:
    return plan(config.build(tables), tables)


def test_plan_of_the_defaults() -> None:
    found = made({})
    assert set(found.files) == {"glovebox.toml", "sysctl.conf", *SECRET_FILES}
    # A service whose credential is missing would not start.
    for name in SECRET_FILES:
        assert (found.files[name].text.strip(), found.files[name].mode) == ("", 0o600)
    assert found.wired is None
    assert found.files["sysctl.conf"].text == "kernel.hostname = glovebox\n"
    assert found.localtime == "/usr/share/zoneinfo/UTC"


def test_plan_of_keys_restricts_them() -> None:
    file = made({"ssh": {"keys": [KEY]}}).files["authorized_keys"]
    assert (file.text, file.mode) == (f"restrict {KEY}\n", 0o644)


def test_plan_shares_no_secret() -> None:
    tables = {
        "system": {"hostname": "box", "timezone": "Europe/Oslo"},
        "wifi": {"country": "NO", "networks": [{"ssid": "Home", "password": "the secret"}]},
        "ssh": {"keys": [KEY]},
    }
    found = made(tables)
    shared = [file.text for file in found.files.values() if file.mode != 0o600]
    assert not any("the secret" in text for text in shared)
    assert found.files["wpa_supplicant.conf"].mode == 0o600
    assert found.localtime == "/usr/share/zoneinfo/Europe/Oslo"


def test_plan_gives_each_secret_to_its_own_reader() -> None:
    tables = {
        "web": {"title": "t", "password": "in clear", "api_token": "the-owners-token"},
        "access_point": {"ssid": "Car", "passphrase": "the passphrase"},
    }
    found = made(tables)
    assert tomllib.loads(found.files["glovebox.toml"].text) == {
        "web": {"title": "t"}, "access_point": {"ssid": "Car"},
    }  # fmt: skip
    web, access_point = (found.files[name] for name in SECRET_FILES[:2])
    assert tomllib.loads(web.text) == {"web": {"api_token": "the-owners-token"}}
    assert tomllib.loads(access_point.text) == {"access_point": {"passphrase": "the passphrase"}}
    assert web.mode == access_point.mode == 0o600


def test_plan_shares_the_keys_for_they_are_public() -> None:
    """The firewall opens a port where there is one."""
    tables = {"ssh": {"keys": [KEY]}}
    assert tomllib.loads(made(tables).files["glovebox.toml"].text) == tables


def test_plan_shares_settings_that_are_read_back() -> None:
    tables = {"capture": {"ports": [9], "routers": ["192.0.2.1"]}, "web": {"title": 'a "b"'}}
    assert tomllib.loads(made(tables).files["glovebox.toml"].text) == tables


def test_public_leaves_the_rest() -> None:
    tables: dict[str, dict[str, Any]] = {
        "wifi": {"country": "DE", "networks": []},
        "web": {"password": "x", "password_hash": "y", "api_token": "z", "title": "t"},
        "access_point": {"passphrase": "p", "country": "germany"},
    }
    assert public(tables) == {
        "wifi": {"country": "DE"}, "web": {"title": "t"}, "access_point": {"country": "germany"},
    }  # fmt: skip


def test_wired_is_a_drop_in_for_networkd() -> None:
    tables = {"addresses": ["192.168.1.5/24", "fd00::5/64"], "gateways": ["192.168.1.1"],
              "dns": ["192.168.1.1"]}  # fmt: skip
    text = wired(config.build({"wired": tables}).wired)
    assert text.splitlines() == [
        "[Match]", "Name=", "Name=eth0 en* usb*",
        "[Network]", "DHCP=no", "Address=192.168.1.5/24", "Address=fd00::5/64",
        "Gateway=192.168.1.1", "DNS=192.168.1.1",
    ]  # fmt: skip
