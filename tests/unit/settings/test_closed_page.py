# SPDX-License-Identifier: MIT
"""When the page stays closed: a password was given, and cannot be used."""

from __future__ import annotations

import pytest

from appliance.settings.closed_page import CLOSED, objection

GIVEN = [
    '[web]\npassword = "short"\n',
    '[web]\npassword = "the secret\n',
    "[web]\npassword = the secret\n",
    "[web]\npassword = “the secret”\n",
    '[web]\r\npassword = "short"\r\n',
    "[web]\npassword_hash = '$6$cut'\n",
    '[web]\n"password" = "short"\n',
    "[web]\nPassword = 'the secret'\n",
    "[web]\npassword: the secret\n",
    '[wifi]\ncountry = "x"\n[web]\npassword = "short" # mine\n',
    'web.password = "short"\n[wifi]\n',
    'web = { password = "short" }\n',
    r"{\rtf1 [web]\par password = \'84the secret\'93}",
    '[web]\npassword = "the secret"\n[web]\npassword = "the secret"\n',
]
NOT_GIVEN = [
    "",
    '[web]\ntitle = ""\n',
    '[web]\ntitle = ""\npassword = ""\n',
    "[web]\ntitle = ''\npassword = '' # none\n",
    "[web]\npassword =\n",
    '[web]\ntitle = ""\n# password = \n',
    '[web]\ntitle = ""\n[wifi]\nnetworks = [{ ssid = "H", password = "long enough" }]\n',
    '[[wifi.networks]]\nssid = "H"\npassword = "long enough"\n[web]\ntitle = ""\n',
]
WRONG = ["glovebox.toml: something", "user-data: something", "rpi-preseed.toml: something"]


@pytest.mark.parametrize("text", GIVEN)
def test_the_page_stays_closed_where_a_password_was_given(text: str) -> None:
    for content in (text.encode(), text.encode("utf-16"), b"\xef\xbb\xbf" + text.encode()):
        assert objection({"glovebox.toml": content}, WRONG) == f"glovebox.toml: {CLOSED}"


@pytest.mark.parametrize("text", NOT_GIVEN)
def test_the_page_is_open_where_none_was_given(text: str) -> None:
    assert objection({"glovebox.toml": text.encode()}, WRONG) is None


@pytest.mark.parametrize("text", GIVEN)
def test_a_file_without_an_error_closes_nothing(text: str) -> None:
    """Its password is in force, or it has none: whoever asks knows that."""
    assert objection({"glovebox.toml": text.encode()}, ["user-data: something"]) is None


@pytest.mark.parametrize(
    ("name", "text", "closed"),
    [
        ("rpi-preseed.toml", '[user]\nname = "me"\npassword = "short"\n', True),
        ("rpi-preseed.toml", '[user]\npassword = "the secret\n', True),
        ("rpi-preseed.toml", '[wlan]\npassword = "long enough"\n[user]\nname = "me"\n', False),
        ("user-data", "users:\n- name: me\n  passwd: $6$cut\n", True),
        ("user-data", "user:\n  name: me\n  plain_text_passwd: 'x\n", True),
        ("user-data", "chpasswd:\n  list: |\n    me:secret\n", True),
        ("user-data", "hostname: box\nssh_pwauth: no\n", False),
        ("network-config", 'access-points:\n  Home:\n    password: "long enough"\n', False),
        ("glovebox-errors.txt", 'glovebox.toml: password = "short"\n', False),
    ],
)
def test_what_imager_wrote_counts_too(name: str, text: str, closed: bool) -> None:
    problems = [f"{name}: something"]
    assert (objection({name: text.encode()}, problems) is not None) is closed


def test_a_file_of_nothing_sensible_takes_no_time() -> None:
    for text in ("password", "password = " * 20_000, "[" * 60_000, "\0" * 60_000, " " * 60_000):
        objection({"glovebox.toml": text.encode()}, WRONG)
