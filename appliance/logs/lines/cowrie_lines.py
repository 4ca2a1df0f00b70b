# SPDX-License-Identifier: MIT
"""Lines of the honeypot Cowrie, 1.x to 3.x: JSON, Python's repr() of it by syslog, and text. Pure.

A source is an address that a line itself names; where it names none, `session` leads to it. Bytes
that nobody can print stand as the four characters `\\x0a`, whichever form they came in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from appliance.errors import DecodeError
from appliance.logs.lines.event import (
    LONGEST_TEXT,
    Event,
    Login,
    NoAddressError,
    Other,
    Tunnel,
    address,
    port,
)
from appliance.logs.lines.printable import printable

LOGIN, TUNNEL, BEGUN = "login attempt [", "direct-tcp connection request to ", "New connection: "
# How it opens what it tells: an object of JSON, a dictionary by repr(), and the text's brackets,
# `[transport,session,address]` or a name of its own. What CEF and the kernel have in front is none.
_OPENS = re.compile(r"\{\s{0,8}[\"']", re.ASCII)
_TRANSPORT = re.compile(
    r"\[(?:[^\[\],]{1,160},[^\[\],]{0,40},([0-9a-fA-F:.]{0,45})|cowrie[\w.]{0,80})\] "
    r"(?!CEF:0\||IN=)",
    re.ASCII,
)
# What may stand before: a head of syslog or of a relay. A sentence may be anybody's words.
_TIME = r"(?:[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]?[\d:.,+Z-]{0,30})"
_HEAD = re.compile(
    rf"(?:<\d{{1,3}}>)?(?:1 )?(?:{_TIME} ?)?(?: ?[\w.-]{{1,64}} ){{0,2}} ?\ufeff?"
    rf"|.{{0,300}}(?:[>:]|\"\]| -)(?: {_TIME})? ?\ufeff?",
    re.ASCII,
)
_WANTED = frozenset(
    ("eventid", "src_ip", "session", "username", "password", "dst_ip", "dst_port", "isError")
)
_LOGINS = {"cowrie.login.failed": False, "cowrie.login.success": True}
_ENDS = {"] failed": False, "] succeeded": True}
# What repr() of a flat dictionary is made of: a name, then a text, a number or word, or a list of
# texts. Quantifiers are possessive: no sign is looked at twice.
_PAIR = re.compile(
    r"""'(\w{1,32})': (?:'([^'\\]*+(?:\\.[^'\\]*+)*+)'|"([^"\\]*+(?:\\.[^"\\]*+)*+)\""""
    r"""|([\w.+-]{1,64})|\[(?:'[^'\\]*+(?:\\.[^'\\]*+)*+'(?:, )?)*+\])(?:, |(\}))""",
    re.ASCII | re.DOTALL,
)
# Lines of ours have 19 pairs at most, in some 600 bytes.
_MOST_PAIRS, _PAIRS_A_KILOBYTE = 24, 24
_QUOTED = r"""b(?:'([^'\\]*+(?:\\.[^'\\]*+)*+)'|"([^"\\]*+(?:\\.[^"\\]*+)*+)")"""
_BYTES = re.compile(f"{_QUOTED}/{_QUOTED}", re.DOTALL)
# What repr() writes: its escapes, and no others.
_WRITTEN = re.compile(
    r"[^\\]*+(?:\\(?:[\\'\"ntr]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})[^\\]*+)*+", re.DOTALL
)
# Of 4,000 digits none is wanted as a number, and to make one of them takes long.
_READ_JSON = json.JSONDecoder(parse_int=str).decode
_LONGEST_ESCAPE = len(r"\U0010ffff")
_SESSION = re.compile(r"[0-9a-zA-Z]{1,32}", re.ASCII)
_NEW = re.compile(r"New connection: .{2,60} \[session: ([0-9a-zA-Z]{1,32})\]", re.ASCII)


def begins(line: str) -> int:
    """Return where its own words begin, before all strangers'; -1 where they do not."""
    has_object = '"eventid"' in line or "'eventid'" in line
    # Its text has brackets; most lines of firewalls have none.
    found = _TRANSPORT.search(line) if "] " in line else None
    if not has_object and found is None:
        return -1
    places = (line.find("{") if has_object else -1, found.start() if found else -1)
    place = min((each for each in places if each >= 0), default=-1)
    return place if place >= 0 and _HEAD.fullmatch(line, 0, place) else -1


def parse(line: str) -> Event:
    """Return what a line tells. Raises DecodeError, NoAddressError where nothing says of whom."""
    place = begins(line)
    if place < 0:
        raise DecodeError("no line of Cowrie's")
    own = line[place:]
    if own[0] == "[":
        return _text(own.rstrip("\r\n\0 "))
    opened = _OPENS.match(own)
    return _told(_repr(own) if opened and opened[0][-1] == "'" else _json(own))


def common(message: str, source: str, user: str) -> Event:
    """Return what a line of CEF tells: its message, `src` and `duser`. Raises DecodeError."""
    if message.startswith(LOGIN):
        return attempt(message, source, user)
    return _tunnel(message, source) if message.startswith(TUNNEL) else Other(source, "")


def attempt(message: str, source: str, user: str = "") -> Login:
    """Return the login that `login attempt [user/password] failed` tells of. Raises DecodeError.

    Where the user is not known, the name ends with the first slash.
    """
    end = next((end for end in _ENDS if message.endswith(end)), None)
    if end is None or not message.startswith(LOGIN):
        raise DecodeError("no login")
    text = message[len(LOGIN) : -len(end)]
    if user and text.startswith(f"{user}/"):
        return Login(source, _kept(user), _kept(text[len(user) + 1 :]), _ENDS[end])
    user, password = _divided(text)
    return Login(source, _kept(user), _kept(password), _ENDS[end])


def _json(line: str) -> Mapping[str, object]:
    try:
        found = _READ_JSON(line[: line.rfind("}") + 1])
    except (ValueError, RecursionError) as error:
        raise DecodeError("no JSON") from error
    if not isinstance(found, dict):
        raise DecodeError("no JSON object")
    return found


def _repr(line: str) -> Mapping[str, object]:
    """Read the dictionary that Python's repr() wrote; of the texts, those that are wanted."""
    values: dict[str, object] = {}
    place = 1
    for _ in range(_MOST_PAIRS + len(line) * _PAIRS_A_KILOBYTE // 1024):
        found = _PAIR.match(line, place)
        if found is None:
            raise DecodeError("no dictionary of Python's")
        key, single, double, word, end = found.groups()
        text = single if single is not None else double
        if key not in _WANTED:
            pass
        elif text is not None:
            values[key] = _plain(text)
        elif word is not None:
            values[key] = word
        if end:
            return values
        place = found.end()
    raise DecodeError("too many pairs")


def _plain(text: str) -> str:
    """Return the text that repr() wrote so, cut. Raises DecodeError for what it never writes."""
    if "\\" not in text:
        return text
    cut = text[: 4 * LONGEST_TEXT]
    found = _WRITTEN.match(cut)
    end = found.end() if found else 0
    # Only by the cut may an escape be without its end.
    if end < len(cut) - (_LONGEST_ESCAPE if len(cut) < len(text) else 0):
        raise DecodeError("no text of Python's")
    try:
        return cut[:end].encode("ascii", "backslashreplace").decode("unicode_escape")
    except UnicodeDecodeError as error:
        raise DecodeError("no text of Python's") from error


def _told(values: Mapping[str, object]) -> Event:
    name, session = _word(values, "eventid"), _word(values, "session")
    session = session if _SESSION.fullmatch(session) else ""
    source = _source(_word(values, "src_ip"))
    if not source and not session:
        raise NoAddressError("nothing says of whom")
    if name in _LOGINS:
        user, password = _word(values, "username"), _word(values, "password")
        return Login(source, _kept(user), _kept(password), _LOGINS[name], session)
    if name == "cowrie.direct-tcpip.request":
        return Tunnel(source, _kept(_word(values, "dst_ip")), _port(values), session)
    if not name.startswith("cowrie."):
        raise DecodeError("no event of Cowrie's")
    return Other(source, session, name == "cowrie.session.connect")


def _word(values: Mapping[str, object], key: str) -> str:
    found = values.get(key, "")
    return found if isinstance(found, str) else ""


def _source(text: str) -> str:
    try:
        return address(text)
    except DecodeError:
        return ""


def _port(values: Mapping[str, object]) -> int:
    return port(_word(values, "dst_port"))


def _text(line: str) -> Event:
    """Read text that begins with its transport: `[transport,session,address] message`."""
    found = _TRANSPORT.match(line)
    if found is None:
        raise DecodeError("no line of Cowrie's")
    message = line[found.end() :]
    if message.startswith(BEGUN):
        return _connection(message)
    source = _source(found[1] or "")
    if not source:
        raise NoAddressError("nothing says of whom")
    # In 1.x and 2.x a transport has a number that starts anew: no name of a session.
    return common(message, source, "")


def _connection(message: str) -> Other:
    found = _NEW.fullmatch(message)
    if found is None:
        raise DecodeError("no connection")
    host = message.removeprefix(BEGUN).partition(" ")[0].rpartition(":")[0]
    return Other(_source(host), found[1], True)


def _tunnel(message: str, source: str) -> Tunnel:
    target = message.removeprefix(TUNNEL).rpartition(" from ")[0]
    host, _, number = target.rpartition(":")
    return Tunnel(source, _kept(host), port(number))


def _divided(text: str) -> tuple[str, str]:
    """Divide user and password: bytes of Python's in 2.x, else at the first slash."""
    found = _BYTES.fullmatch(text)
    if found:
        first, second, third, fourth = found.groups()
        return _decoded(first or second or ""), _decoded(third or fourth or "")
    user, slash, password = text.partition("/")
    if not slash:
        raise DecodeError("no password")
    return user, password


def _decoded(text: str) -> str:
    """Return the text of a bytes literal: UTF-8 where it is, other bytes as \\xNN."""
    return _plain(text).encode("latin-1", "backslashreplace").decode("utf-8", "backslashreplace")


def _kept(text: str) -> str:
    """Cut a text, and write out what nobody can print."""
    return printable(text[:LONGEST_TEXT])[:LONGEST_TEXT]
