# SPDX-License-Identifier: MIT
"""One long connection to a router's API: TLS with a pinned certificate, many commands in flight.

Source: RouterOS manual, API. The router answers commands by tag, in any order; `listen` goes on
until it is cancelled. One thread uses a connection.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from appliance.errors import DecodeError
from appliance.formats import sentences
from appliance.formats.sentences import Reply, Splitter
from appliance.router import wire
from appliance.router.refusals import Refusal, RefusedError, RouterError
from appliance.router.wire import LATE, TIMEOUT_S, ApiAddress, TooLateError, Wire

# A router answers some hundred bytes for each: neither side's buffers fill before we read.
IN_FLIGHT = 64
# While more than half of them are under way, answers are let come together for so long: waking up
# for each would cost more than reading it, and the router has enough to do meanwhile.
GATHER_S = 0.02
# More rows than any router of an owner has in one table; an answer beyond that is refused.
MOST_ROWS = 300_000
# Nor has any of them so many signs in all: the largest export fits twice.
MOST_SIGNS = 32 << 20
MOST_EVENTS, LARGEST_EVENT = 20_000, 4096
# What of a !fatal speaks of logging in: "cannot log in", "not logged in". Logged out is no refusal.
_LOGIN = re.compile(r"log(?:ged)? ?in\b")

Fields = Mapping[str, str]
Words = tuple[str, ...]
Filter = Callable[[Fields], bool]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command gave: its rows, `ret` (the id after an add), and how it was refused, if so."""

    rows: tuple[Fields, ...] = ()
    ret: str = ""
    refusal: RefusedError | None = None


_NOTHING = Answer()


@dataclass(slots=True)
class _Pending:
    rows: list[Fields] = field(default_factory=list)
    signs: int = 0
    refusal: RefusedError | None = None
    answer: Answer | None = None
    # Of a `listen`: which rows are kept, and whether the connection is of use without it.
    wanted: Filter | None = None
    optional: bool = False


class Connection:
    """A connection that is logged in; every method raises RouterError when it is lost."""

    def __init__(self, transport: Wire, timeout: float = TIMEOUT_S) -> None:
        """Take what leads to the router, and in how many seconds a command must be answered."""
        self._wire, self._timeout = transport, timeout
        self._splitter = Splitter()
        self._pending: dict[str, _Pending] = {}
        self._finished: list[str] = []
        self._number = 0
        # Whether anything came that was an answer of a router.
        self._spoke = False
        self._events: deque[tuple[str, Fields]] = deque()
        #: Whether more rows came from `listen` than were kept: the table must be read again.
        self.overrun = False
        # Rows and ends of commands that somebody waits for.
        self._answered = 0
        #: Answers to nobody's question, which are dropped.
        self.unasked = 0

    def login(self, name: str, password: str) -> None:
        """Log in, also to RouterOS before 6.43 (MD5 challenge). Raises RefusedError, RouterError.

        Whatever the router answers to a login that is no success is Refusal.LOGIN: whoever tries
        again fills its log.
        """
        try:
            answer = self.call("/login", {"name": name, "password": password})
            if answer.ret:
                answer = self.call("/login", {"name": name, "response": _md5(password, answer.ret)})
        except RefusedError as error:
            raise RefusedError(error.said, Refusal.LOGIN) from None

    def call(
        self,
        path: str,
        values: Mapping[str, str] | None = None,
        *more: str,
        timeout: float | None = None,
    ) -> Answer:
        """Run one command and return its answer. Raises RefusedError where the router refuses."""
        answer = self.batch([sentences.command(path, values, *more)], timeout)[0]
        if answer.refusal is not None:
            raise answer.refusal
        return answer

    def rows(self, path: str, fields: Iterable[str] = (), *queries: str) -> tuple[Fields, ...]:
        """Return the rows of a table, with these fields only where any are named."""
        names = ",".join(fields)
        return self.call(f"{path}/print", {".proplist": names} if names else None, *queries).rows

    def batch(self, commands: Iterable[Words], timeout: float | None = None) -> list[Answer]:
        """Run commands, IN_FLIGHT of them at a time; return their answers in their order.

        A refusal stands in its answer. The time is that of each: it begins anew whenever one
        is answered, or a row of one comes. A command is taken from `commands` when it is sent,
        and not before.
        """
        limit = self._timeout if timeout is None else timeout
        deadline = time.monotonic() + limit
        answers: list[Answer] = []
        places: dict[str, int] = {}
        waiting = iter(commands)
        while True:
            # Half of them at once: a sentence for each answer would cost a TLS record for each.
            if len(places) <= IN_FLIGHT // 2 and (
                begun := list(islice(waiting, IN_FLIGHT - len(places)))
            ):
                tags = self._begin(begun, deadline)
                places.update(zip(tags, itertools.count(len(answers)), strict=False))
                answers += [_NOTHING] * len(begun)
            if not places:
                return answers
            self._finished.clear()
            if len(places) > IN_FLIGHT // 2:
                time.sleep(GATHER_S)
            deadline = self._advance(deadline, limit)
            for tag in self._finished:
                if tag in places:
                    answers[places.pop(tag)] = self._pending.pop(tag).answer or _NOTHING

    def listen(
        self,
        path: str,
        fields: Iterable[str] = (),
        wanted: Filter = lambda row: True,
        *,
        optional: bool = False,
    ) -> str:
        """Ask for every change of a table from now on; return the tag of its events.

        Rows that are not `wanted` are dropped at once. An `optional` one may be refused.
        """
        names = ",".join(fields)
        words = sentences.command(f"{path}/listen", {".proplist": names} if names else None)
        (tag,) = self._begin([words], time.monotonic() + self._timeout)
        self._pending[tag].wanted, self._pending[tag].optional = wanted, optional
        return tag

    def begin(self, words: Words) -> str:
        """Begin a command that takes long; return its tag for `ended`."""
        return self._begin([words], time.monotonic() + self._timeout)[0]

    def ended(self, tag: str) -> Answer | None:
        """Return the answer to what was begun, once; None where there is none yet."""
        found = self._pending.get(tag)
        if found is None or found.answer is None:
            return None
        return self._pending.pop(tag).answer

    def give_up(self, tag: str) -> None:
        """Drop what a command that was begun may still answer."""
        self._pending.pop(tag, None)

    def cancel(self, tag: str) -> None:
        """End what was begun by `listen`."""
        self.call("/cancel", {"tag": tag})
        deadline = time.monotonic() + self._timeout
        while (found := self._pending.get(tag)) is not None and found.answer is None:
            deadline = self._advance(deadline, self._timeout)
        self._pending.pop(tag, None)

    def events(self, seconds: float) -> list[tuple[str, Fields]]:
        """Return tag and row of each change, waiting at most `seconds` for the first.

        Raises RefusedError where the router ended or refused a `listen`.
        """
        if not self._events:
            self._wait(seconds)
        for tag, pending in list(self._pending.items()):
            if pending.wanted is not None and pending.answer is not None:
                del self._pending[tag]
                if pending.optional:
                    continue
                raise pending.answer.refusal or RefusedError("", Refusal.ENDED)
        found = list(self._events)
        self._events.clear()
        return found

    def close(self) -> None:
        """End the connection; the router notices."""
        self._wire.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, commands: Sequence[Words], deadline: float) -> list[str]:
        """Send commands, all in one piece; return their tags."""
        tags, content = [], []
        for words in commands:
            self._number += 1
            tags.append(str(self._number))
            content.append(sentences.encode((*words, f".tag={self._number}")))
        self._pending.update((tag, _Pending()) for tag in tags)
        try:
            self._wire.send(b"".join(content), deadline)
        except OSError as error:
            raise _lost(error) from error
        return tags

    def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TooLateError):
            self._pump(time.monotonic() + seconds)

    def _advance(self, deadline: float, limit: float) -> float:
        """Read what has come; return until when there must be more of what was asked for.

        Raises TooLateError: also where there is always something to read, and none of it is that.
        """
        before = self._answered
        self._pump(deadline)
        now = time.monotonic()
        if self._answered > before:
            return now + limit
        if now > deadline:
            raise TooLateError(LATE)
        return deadline

    def _pump(self, deadline: float) -> None:
        """Read what has come, waiting for the first of it, and sort it."""
        try:
            content = self._wire.receive(deadline)
        except OSError as error:
            raise _lost(error) from error
        if not content:
            if self._splitter.pending and not self._spoke:
                raise RouterError("what answers there is no RouterOS API: it ended in mid-sentence")
            cut = "in the middle of a sentence" if self._splitter.pending else "the connection"
            raise RouterError(f"the router ended {cut}")
        try:
            for words in self._splitter.feed(content):
                self._spoke = True
                self._sort(sentences.reply(words))
        except DecodeError as error:
            raise RouterError(f"what answers there is no RouterOS API: {error}") from error

    def _sort(self, reply: Reply) -> None:
        if reply.kind == "!fatal":
            said = " ".join((*reply.rest, reply.values.get("message", ""))).strip()
            raise RefusedError(said, Refusal.LOGIN if _LOGIN.search(said) else Refusal.ENDED)
        found = self._pending.get(reply.tag)
        if found is None:
            self.unasked += 1
        elif reply.kind == "!re":
            self._row(reply, found)
        elif reply.kind == "!trap":
            # The first says why; RouterOS may send another for the same command.
            found.refusal = found.refusal or RefusedError(reply.values.get("message", ""))
        elif reply.kind == "!done" and found.answer is None:
            self._answered += 1
            self._finished.append(reply.tag)
            found.answer = Answer(tuple(found.rows), reply.values.get("ret", ""), found.refusal)

    def _row(self, reply: Reply, found: _Pending) -> None:
        if found.wanted is not None and not found.wanted(reply.values):
            return
        signs = sum(map(len, reply.values.values()))
        if found.wanted is None:
            found.signs += signs
            if len(found.rows) >= MOST_ROWS or found.signs > MOST_SIGNS:
                raise RouterError("the router answered with more than any router has to tell")
            self._answered += 1
            found.rows.append(reply.values)
        elif len(self._events) < MOST_EVENTS and signs <= LARGEST_EVENT:
            self._events.append((reply.tag, reply.values))
        else:
            self.overrun = True


def connect(
    endpoint: ApiAddress, name: str, password: str, timeout: float = TIMEOUT_S
) -> Connection:
    """Connect, compare the certificate with the pin before anything is sent, and log in.

    Raises CertificateError, RefusedError (Refusal.LOGIN: do not try again), RouterError.
    """
    connection = Connection(wire.opened(endpoint, timeout), timeout)
    try:
        connection.login(name, password)
    except BaseException:
        connection.close()
        raise
    return connection


def _lost(error: OSError) -> RouterError:
    return RouterError(f"the connection to the router is lost: {error.strerror or error}")


def _md5(password: str, challenge: str) -> str:
    """Return the answer to the challenge of RouterOS before 6.43. Raises RouterError."""
    try:
        octets = bytes.fromhex(challenge)
    except ValueError as error:
        raise RouterError("what answers there is no RouterOS API: a wrong challenge") from error
    secret = b"\0" + password.encode("utf-8", "surrogateescape") + octets
    return "00" + hashlib.md5(secret, usedforsecurity=False).hexdigest()
