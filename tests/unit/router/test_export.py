# SPDX-License-Identifier: MIT
"""An export cleaned: no noise, nothing lost; what is not whole is told from what is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.router import export
from appliance.router.export import LARGEST, clean, is_whole
from tests.conftest import SHARED_DATA

WHOLE = "# 2026-11-01 08:15:02 by RouterOS 7.22.1\n/ip dns set servers=192.0.2.1\n"


def test_recorded_noise_goes_and_the_rest_stays(shared_data: Path) -> None:
    folder = shared_data / "routeros" / "own"
    noisy, left = folder / "export-noise.txt", folder / "export-noise.cleaned.txt"
    assert clean(noisy.read_text()) == left.read_text()


# A line that ends with a backslash is not whole; is_whole() refuses it.
@given(st.text(st.characters(exclude_characters="\\"), max_size=500))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.lists(st.sampled_from(["/ip dns set servers=192.0.2.1", "# model = hAP",
                                 "/user add name=\"a b\""]), max_size=9),
       st.lists(st.sampled_from(["# inactive time", "#", "# poe-out status: short_circuit",
                                 "# nov/29/2026 22:00:00 by RouterOS 6.49", "  ",
                                 "# 2026-11-29 22:00:00 by RouterOS 7.24"]), max_size=9),
       st.randoms())  # fmt: skip
def test_noise_anywhere_changes_nothing(lines: list[str], noise: list[str], chance: object) -> None:
    mixed = list(lines)
    for line in noise:
        mixed.insert(chance.randint(0, len(mixed)), line)  # type: ignore[attr-defined]
    assert clean("\r\n".join(mixed)) == clean("\n".join(lines))


def test_a_long_line_takes_no_long_time() -> None:
    begun = time.process_time()
    clean("# " + "\x1b[" * 200_000 + "x" * LARGEST)
    clean("# not " * 200_000)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (WHOLE, True),
        ("", False),
        ("bad command name export\n", False),
        (WHOLE[:-1], False),
        (WHOLE + "/ip firewall filter add comment=\"cut \\\n", False),
        (WHOLE + '#error exporting "/ip/dns/adlist" (timeout)\n', False),
    ],
)  # fmt: skip
def test_is_whole(text: str, whole: bool) -> None:
    assert is_whole(text) is whole


WORDS = st.from_regex(r"[A-Za-z0-9]{8,16}", fullmatch=True).map(lambda word: f"S3{word}")
PLACES = (
    "/ppp secret add name=x password={}\n",
    '/interface wifi security set passphrase="{} with blanks" name=x\n',
    "/interface wireguard add private-key={}= name=wg\n",
    "/snmp community add name=x authentication-password={} encryption-password={}\n",
    '/system script add name=x source="/tool fetch user=x password={} url=y"\n',
    r'/system script add name=x source=":local myPassword \"{}\"\r\n:put 1"' + "\n",
    r'/system script add name=x source="token=\"{}\""' + "\n",
    r'/system scheduler add on-event=":global apiKey \"{}\""' + "\n",
)


@given(st.sampled_from(PLACES), WORDS)
def test_no_secret_is_left(place: str, secret: str) -> None:
    assert secret not in export.masked(place.format(secret, secret))


def test_what_is_no_secret_stays() -> None:
    text = (
        "/interface wireguard peers add public-key=abc= name=x\n"
        "/certificate add key-usage=tls-server name=glovebox\n"
        '/ip firewall filter add comment="key of the house" chain=input\n'
    )
    assert export.masked(text) == text


NOISE = (
    "# 2026-11-{:02d} 08:15:02 by RouterOS 7.22.1", "# nov/{:02d}/2026 08:15:02 by RouterOS 6.49",
    "# inactive time", "# poe-out status: short_circuit", "#", "",
    "# received packet from 192.168.88.{} bad format", "# wlan{} not ready",
    "# Firmware upgraded successfully, please reboot", "# please restart the device",
)  # fmt: skip


@given(st.data())
def test_a_day_of_exports_with_noise_is_one_configuration(data: st.DataObject) -> None:
    """Lines that come and go by themselves, wrapping, colours and ends of lines make no change."""
    lines = (data_lines := export.clean(recorded()).splitlines())
    for _ in range(3):
        noisy = list(lines)
        for _ in range(data.draw(st.integers(0, 8))):
            text = data.draw(st.sampled_from(NOISE)).format(data.draw(st.integers(1, 30)))
            noisy.insert(data.draw(st.integers(0, len(noisy))), text)
        ending = data.draw(st.sampled_from(["\n", "\r\n", " \n", "\x1b[m\n"]))
        assert export.clean(ending.join(noisy) + ending).splitlines() == data_lines


def recorded() -> str:
    return (SHARED_DATA / "routeros" / "own" / "export-noise.txt").read_text()
