# SPDX-License-Identifier: MIT
"""Imager's files are taken over once, kept, and left without their secrets."""

from __future__ import annotations

import json

import pytest

from appliance.settings.imager import FOREIGN, TakenOver, digest, take_over

PRESEED = b"""\
config_version = "1.1"
[system]
hostname = "mypi"
[wlan]
ssid = "Home"
password = "long enough"
"""
FILES = {"rpi-preseed.toml": PRESEED, "meta-data": b"instance-id: x\n"}


def test_take_over_gives_settings_and_hides_secrets() -> None:
    found = take_over(FILES, TakenOver())
    assert found.problems == ()
    assert found.tables["system"] == {"hostname": "mypi"}
    assert found.tables["wifi"]["networks"][0]["password"] == "long enough"
    assert list(found.rewrites) == ["rpi-preseed.toml"]
    assert b"long enough" not in found.rewrites["rpi-preseed.toml"]


def test_take_over_of_what_it_left_changes_nothing() -> None:
    first = take_over(FILES, TakenOver())
    kept = TakenOver.from_json(first.to_json())
    again = take_over({**FILES, **first.rewrites}, kept)
    assert (again.tables, again.problems, dict(again.rewrites)) == (first.tables, (), {})


def test_take_over_again_where_the_secrets_could_not_be_removed() -> None:
    first = take_over(FILES, TakenOver())
    again = take_over(FILES, TakenOver.from_json(first.to_json()))
    assert (again.tables, again.rewrites) == (first.tables, first.rewrites)


def test_take_over_keeps_problems_until_the_files_change() -> None:
    files = {"rpi-preseed.toml": PRESEED + b"[runcmd]\nlate = ['x']\n"}
    first = take_over(files, TakenOver())
    kept = TakenOver.from_json(first.to_json())
    assert take_over({**files, **first.rewrites}, kept).problems == first.problems != ()


def test_take_over_of_a_changed_file_keeps_what_it_no_longer_says() -> None:
    """The owner adds a time zone to the file from which the password is gone."""
    first = take_over(FILES, TakenOver())
    edited = first.rewrites["rpi-preseed.toml"] + b'[locale]\ntimezone = "Europe/Oslo"\n'
    found = take_over({**FILES, "rpi-preseed.toml": edited}, first)
    assert found.tables["system"] == {"hostname": "mypi", "timezone": "Europe/Oslo"}
    assert found.tables["wifi"] == first.tables["wifi"]
    assert "write it anew" in found.problems[0]


def test_take_over_when_the_files_are_gone() -> None:
    first = take_over(FILES, TakenOver())
    assert take_over({}, first) == TakenOver(first.tables)


@pytest.mark.parametrize("name", FOREIGN)
def test_take_over_reports_what_is_never_run(name: str) -> None:
    found = take_over({name: b"#!/bin/sh\nreboot\n"}, TakenOver())
    assert found.tables == {}
    assert found.problems == (f"{name}: {FOREIGN[name]}",)
    assert found.rewrites == {}


@pytest.mark.parametrize(
    "refused",
    [
        "auth: {key-management: eap, password: long enough}",
        "{password: long enough, psk: x}",
        "{password: long enough, hidden: perhaps}",
    ],
)
def test_a_password_of_a_refused_network_is_not_wiped_with_that_of_another(refused: str) -> None:
    point = refused if refused.startswith("{") else "{" + refused + "}"
    points = f"{{One: {{password: long enough}}, Two: {point}}}"
    text = f"version: 2\nwifis: {{w: {{access-points: {points}}}}}\n".encode()
    found = take_over({"network-config": text}, TakenOver())
    (network,) = found.tables["wifi"]["networks"]
    assert network["password"] == "long enough"
    assert found.rewrites.get("network-config", text).count(b"long enough") == 2
    assert any("it stays here" in each for each in found.problems)
    mended = text.replace(point.encode(), b"{password: long enough}")
    again = take_over({"network-config": mended}, found)
    assert len(again.tables["wifi"]["networks"]) == 2
    assert b"long enough" not in again.rewrites["network-config"]


def test_take_over_tells_of_a_secret_that_stays() -> None:
    text = b'config_version = "1"\n[user]\npassword = """\nlong enough"""\n'
    found = take_over({"rpi-preseed.toml": text}, TakenOver())
    assert found.rewrites == {}
    assert "cannot be removed" in found.problems[0]


BROKEN = [
    (
        "rpi-preseed.toml",
        b'config_version = "1"\n[system]\nhostname = x\n[user]\npassword = "long one"',
    ),
    ("rpi-preseed.toml", b'config_version = "2"\n[user]\npassword = "long enough"\n'),
    ("rpi-preseed.toml", b'config_version = "1"\n[user]\npassword = "short"\n'),
    ("rpi-preseed.toml", b'config_version = "1"\n[connect]\ntoken = "rpoak_x"\n'),
    ("rpi-preseed.toml", b'config_version = "1"\n[novel]\npassword = "long enough"\n'),
    ("user-data", b'users:\n- plain_text_passwd: "long "enough"\n'),
    ("user-data", b"chpasswd:\n  list: |\n    pi:long enough\n"),
    ("user-data", b"wifi:\n  password: long enough\n"),
    ("network-config", b"version: 2\nwifis: {w: {access-points: {H: {psk: long enough}}}}\n"),
    ("network-config", b"version: 2\nbridges: {b: {password: long enough}}\n"),
]


@pytest.mark.parametrize(("name", "content"), BROKEN)
def test_take_over_leaves_what_it_did_not_take(name: str, content: bytes) -> None:
    found = take_over({name: content}, TakenOver())
    assert found.rewrites == {}
    assert found.problems
    assert not any("long" in problem for problem in found.problems)


def test_take_over_leaves_a_password_that_another_file_overrules() -> None:
    files = {
        "user-data": b"password: the first one\n",
        "rpi-preseed.toml": b'config_version = "1"\n[user]\npassword = "the second one"\n',
    }
    found = take_over(files, TakenOver())
    assert found.tables == {"web": {"password": "the second one"}}
    assert list(found.rewrites) == ["rpi-preseed.toml"]
    assert "another file" in found.problems[0]


def test_take_over_keeps_networks_whose_passwords_left_the_file() -> None:
    text = b"version: 2\nwifis: {w: {access-points: {One: {password: long enough}}}}\n"
    first = take_over({"network-config": text}, TakenOver())
    edited = first.rewrites["network-config"].replace(b"}}}}", b"}, Two: {password: also long}}}}")
    found = take_over({"network-config": edited}, first)
    names = [network["ssid"] for network in found.tables["wifi"]["networks"]]
    assert names == ["Two", "One"]


def test_take_over_never_cuts_a_file_that_is_too_large() -> None:
    content = b"password: secret\n" + b"#" * (1 << 20)
    assert take_over({"user-data": content}, TakenOver()).rewrites == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"digest": 1, "tables": 7})])
def test_from_json_refuses_what_is_none(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        TakenOver.from_json(text)


def test_digest_tells_names_and_contents_apart() -> None:
    files = [{"a": b"b"}, {"b": b"a"}, {"a": b""}, {"a": b"b", "c": b""}, {}]
    assert len({digest(each) for each in files}) == len(files)
