# SPDX-License-Identifier: MIT
"""Passwords that everybody tries first. Pure."""

from __future__ import annotations

import re

ROWS = ("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "yxcvbnm", "zxcvbnm",
        "1234567890", "abcdefghijklmnopqrstuvwxyz", "1q2w3e4r5t6z7u8i9o0p", "1qaz2wsx3edc4rfv",
        "qayxswedc", "1q2w3e4r5t6y7u8i9o0p")  # fmt: skip
_LISTED = """
    access admin adminadmin administrator apple baseball batman changeit changeme charlie
    computer default dragon fernsehen ficken flower football freedom fuckyou geheim glovebox
    guest hallo hello helloworld home hunter ichliebedich iloveyou internet jesus kennwort
    killer letmein letmeinplease liebe login lol love master mein michael mikrotik monkey
    mustang mypassword ninja nothing pass passord passw password passwordpassword passwort
    pi princess qazwsx raspberry raspberrypi root router schatz secret sensor shadow snort
    soccer sommer summer sunshine superman superuser suricata system temp test tester
    testing trustno user welcome whatever wifi willkommen winter wlan
"""
WORDS = frozenset(_LISTED.split())
_LEET = str.maketrans("@430157$!", "aaeoistsi")


def is_weak(password: str) -> bool:
    """Tell whether a password is one of those, with or without digits and signs around it."""
    text = _unit(password.casefold())
    if len(set(text)) <= 2 or _is_row(text):
        return True
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)
    spelled = re.sub(r"[\W_]+", "", text.rstrip("0123456789!?.*#-_ ").translate(_LEET))
    letters = re.sub(r"[^a-z]", "", text.translate(_LEET))
    found = {_unit(each) for each in (bare, spelled, re.sub(r"[\W\d_]+", "", text), letters)}
    return not bare and len(text) < 10 or bool(found & WORDS) or any(map(_is_row, found - {""}))


def _unit(text: str) -> str:
    """Return the shortest text that, repeated, makes this one."""
    place = (text + text).find(text, 1)
    return text[:place]


def _is_row(text: str) -> bool:
    """Tell whether it is a run along the keyboard, the digits or the alphabet, either way."""
    bare = re.sub(r"[\W_]+", "", text)
    return len(bare) >= 4 and any(bare in row * 2 or bare in row[::-1] * 2 for row in ROWS)
