# SPDX-License-Identifier: MIT
"""Lists of bad names and addresses in the forms in which they are handed out; pure.

Four forms, told apart by the list itself: lines of JSON as Spamhaus DROP has them (`cidr`, and at
the end how many there are) and as OTX exports them (`indicator`, `type`); tables with a line
`#fields`, as Zeek reads them; and text, a line each: hosts files, netsets, bare names, addresses
and networks, URLs on an address. Any line that is not exactly of these is refused, with a reason:
a list is no programme, and what looks odd in it is told rather than guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from appliance.errors import DecodeError
from appliance.formats.indicators import (
    Network,
    RefusedEntryError,
    read_name,
    read_network,
)

LONGEST_LINE = 1024
# What hosts files block with, and names in them that are everybody's own.
_BLOCKING = frozenset(("0.0.0.0", "127.0.0.1", "::", "::1"))
_OWN_NAMES = frozenset(
    ("localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost")
) | {"ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters"}
_NAME_TYPES = frozenset(("domain", "hostname", "Intel::DOMAIN"))
_NETWORK_TYPES = frozenset(("IPv4", "IPv6", "CIDR", "Intel::ADDR", "Intel::SUBNET"))

A_PAGE, CUT_OFF = "a web page, not a list", "cut off: its last line does not tell that it is whole"
TOO_LONG, NOT_TEXT, NO_JSON = "longer than 1,024 bytes", "not text", "not JSON"
URL_OF_NAME, NOT_LOOKED_FOR = "a URL: its host may serve others, too", "of a kind not looked for"
PATTERN, OWN_NAME = "a pattern, not a name", "everybody's own name"


class NoListError(DecodeError):
    """This is no list at all, or not all of one; the message is for people."""


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """A name, or a network; one of the two is there."""

    name: str = ""
    network: Network | None = None


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line, or a word of it, and why it is no entry; `text` is as it came, cut short."""

    number: int
    text: str
    reason: str


Found = ListedEntry | RefusedLine


def read_list(lines: Iterable[bytes]) -> Iterator[Found]:
    """Yield what each line gives, in order; blank lines and remarks give nothing.

    Raises NoListError as soon as it is known, at the latest behind the last line.
    """
    reader: _Text | _JsonLines | _Table | None = None
    for number, raw in enumerate(lines, 1):
        try:
            line = _text(raw)
            if not line:
                continue
            if reader is None:
                reader = _reader(line)
            found = list(reader.read(line))
        except RefusedEntryError as error:
            found = [_refused(number, raw.decode("utf-8", "replace"), str(error))]
        for each in found:
            yield (
                _refused(number, each.text, each.reason) if isinstance(each, RefusedLine) else each
            )
    if reader is not None:
        reader.finish()


def _reader(line: str) -> _Text | _JsonLines | _Table:
    """Choose by the first line that says something; remarks of text say nothing."""
    if line.startswith("<"):
        raise NoListError(A_PAGE)
    if line.startswith("{"):
        return _JsonLines()
    return _Table() if line.startswith("#fields\t") else _Text()


def _text(raw: bytes) -> str:
    if len(raw) > LONGEST_LINE:
        raise RefusedEntryError(TOO_LONG)
    try:
        line = raw.decode("utf-8").strip("\ufeff \t\r\n")
    except UnicodeDecodeError:
        raise RefusedEntryError(NOT_TEXT) from None
    is_remark = line.startswith(("#", ";", "//")) and not line.startswith("#fields\t")
    return "" if is_remark else line


class _JsonLines:
    """Spamhaus DROP, or OTX's export."""

    def __init__(self) -> None:
        self._networks = 0
        self._told: int | None = None

    def read(self, line: str) -> Iterator[Found]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise RefusedEntryError(NO_JSON) from None
        if not isinstance(record, dict):
            raise RefusedEntryError(NO_JSON)
        if record.get("type") == "metadata":
            self._told = record.get("records") if type(record.get("records")) is int else None
        elif "indicator" in record:
            yield _typed(record.get("type"), record["indicator"])
        else:
            self._networks += "cidr" in record
            yield ListedEntry(network=read_network(_string(record.get("cidr"))))

    def finish(self) -> None:
        if self._networks and self._told != self._networks:
            raise NoListError(CUT_OFF)


class _Table:
    """Zeek's: columns between tabs, named by the line `#fields`."""

    def __init__(self) -> None:
        self._columns: Sequence[str] = ()

    def read(self, line: str) -> Iterator[Found]:
        cells = line.split("\t")
        if cells[0] == "#fields":
            self._columns = cells[1:]
        else:
            row = dict(zip(self._columns, cells, strict=False))
            yield _typed(row.get("indicator_type"), row.get("indicator"))

    def finish(self) -> None:
        if not {"indicator", "indicator_type"} <= set(self._columns):
            raise NoListError("a table without the columns indicator and indicator_type")


class _Text:
    """Hosts files, netsets, names and addresses."""

    def read(self, line: str) -> Iterator[Found]:
        if line.startswith("<"):
            raise RefusedEntryError(A_PAGE)
        words = line.partition(" #")[0].partition("\t#")[0].partition(";")[0].split()
        if len(words) < 2:
            yield from map(_bare, words)
            return
        if words[0] not in _BLOCKING:
            raise RefusedEntryError("more than one word, and the first is not 0.0.0.0")
        for word in words[1:]:
            yield _name_of_hosts(word)

    def finish(self) -> None:
        pass


def _name_of_hosts(word: str) -> Found:
    if word.lower() in _OWN_NAMES:
        return RefusedLine(0, word, OWN_NAME)
    try:
        return ListedEntry(read_name(word))
    except RefusedEntryError as error:
        return RefusedLine(0, word, str(error))


def _bare(word: str) -> Found:
    if "://" in word:
        return ListedEntry(network=read_network(_address_of(word)))
    if any(sign in word for sign in "*|^$"):
        raise RefusedEntryError(PATTERN)
    host, colon, port = word.rpartition(":")
    if colon and port.isdigit() and host.count(".") == 3 and ":" not in host:
        word = host
    if "/" in word or ":" in word or word.replace(".", "").isdigit():
        return ListedEntry(network=read_network(word))
    return ListedEntry(read_name(word))


def _address_of(url: str) -> str:
    """Return the address in a URL. Raises RefusedEntryError where a name stands there."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    if not host or not (":" in host or host.replace(".", "").isdigit()):
        raise RefusedEntryError(URL_OF_NAME)
    return host


def _typed(kind: object, value: object) -> Found:
    if kind in _NAME_TYPES:
        return ListedEntry(read_name(_string(value)))
    if kind in _NETWORK_TYPES:
        return ListedEntry(network=read_network(_string(value)))
    raise RefusedEntryError(NOT_LOOKED_FOR)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise RefusedEntryError("not a string")
    return value


def _refused(number: int, text: str, reason: str) -> RefusedLine:
    shown = "".join(sign if sign.isprintable() else "·" for sign in text[:80].strip())
    return RefusedLine(number, shown, reason)
