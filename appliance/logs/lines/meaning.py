# SPDX-License-Identifier: MIT
"""What a line of a log means, whoever wrote it. Pure, and linear in time."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence

from appliance.errors import DecodeError
from appliance.logs.lines import cef_lines, cowrie_lines, netfilter_lines, pf_lines, routeros_lines
from appliance.logs.lines.event import (
    ATTEMPT,
    PASSED,
    Event,
    LoggedPacket,
    NoAddressError,
    NotForUsError,
    address,
)

# `system,info,account user x logged in`: topics of RouterOS that a line begins with.
_TOPICS = re.compile(
    r"(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,64} |\d\S{4,40} (?:\S{1,64} )?)?"
    r"([a-z0-9!-]{2,16}(?:,[a-z0-9!-]{2,16})+) ",
    re.ASCII,
)
MOST_SESSIONS = 4096

_FORMATS: tuple[tuple[Callable[[str], bool], Callable[[str], Event]], ...] = (
    (routeros_lines.is_one, routeros_lines.parse),
    (netfilter_lines.is_one, netfilter_lines.parse),
    (pf_lines.is_one, pf_lines.parse),
)


class Reader:
    """Reads lines one by one: the source of a honeypot's session is known from its beginning."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        """Take the owner's words: with some, only lines that have one tell of attempts."""
        self._words = tuple(words)
        self._sessions: OrderedDict[str, str] = OrderedDict()

    def read(self, line: str) -> Event:
        """Return what a line means. Raises DecodeError, and those below it in `event`."""
        event = understand(line)
        if isinstance(event, LoggedPacket):
            return self._by_words(event)
        return self._by_session(event)

    def _by_words(self, packet: LoggedPacket) -> LoggedPacket:
        if not self._words or packet.role != ATTEMPT:
            return packet
        if any(word in packet.before for word in self._words):
            return packet
        return packet._replace(role=PASSED)

    def _by_session(self, event: Event) -> Event:
        session = event.session if not isinstance(event, LoggedPacket) else ""
        if event.source:
            if session:
                self._sessions[session] = event.source
                if len(self._sessions) > MOST_SESSIONS:
                    self._sessions.popitem(last=False)
            return event
        source = self._sessions.get(session)
        if source is None:
            raise NoAddressError("nothing says of whom")
        return event._replace(source=source)


def understand(line: str) -> Event:
    """Return what a line by itself means. Raises DecodeError."""
    common, cowrie = cef_lines.begins(line), cowrie_lines.begins(line)
    # What begins first is the writer's; a stranger's text may hold all the others.
    if common >= 0 and not 0 <= cowrie < common:
        return _common(line)
    if cowrie >= 0:
        return cowrie_lines.parse(line)
    for is_one, parse in _FORMATS:
        if is_one(line):
            if parse is routeros_lines.parse:
                _must_be_firewalls(line)
            return parse(line)
    raise NotForUsError("of another subject") if _TOPICS.match(line) else DecodeError("no format")


def _must_be_firewalls(line: str) -> None:
    """Let no line of another topic pass: it may hold a stranger's text that looks like one."""
    topics = _TOPICS.match(line)
    if topics is not None and "firewall" not in topics[1].split(","):
        raise NotForUsError("of another topic")


def _common(line: str) -> Event:
    found = cef_lines.parse(line)
    if found.vendor == "MikroTik":
        if "firewall" not in found.name.split(","):
            raise NotForUsError("of another topic")
        return routeros_lines.parse(found.message)
    if found.vendor == "Cowrie":
        source = address(found.value("src"))
        return cowrie_lines.common(found.message, source, found.value("duser"))
    raise NotForUsError("of another product")
