# SPDX-License-Identifier: MIT
"""Lists of bad names and addresses in the forms in which they are handed out; pure.

Five forms, told apart by the list itself: lines of JSON as Spamhaus DROP has them (`cidr`, and at
the end how many there are) and as OTX exports them (`indicator`, `type`), with or without lines
that tell of which pulse those below are; tables with a line `#fields`, as Zeek reads them; CSV of
URLhaus and ThreatFox, whose columns a remark names; and text, a line each: hosts files, netsets,
bare names, addresses and networks, URLs on an address. Any line that is not exactly of these is
refused, with a reason: a list is no programme, and what looks odd in it is told, never guessed.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
EXPIRED, NOT_ACTIVE = "expired", "not active"
UNSURE, BROKEN_INTO = "its source is not sure", "a host that was broken into, not a bad one"
TOO_FEW = "fewer columns than its table has"

# What nobody has said for so long counts no more: addresses change hands, names seldom.
ADDRESS_S, NAME_S = 30 * 86400.0, 180 * 86400.0
LEAST_CONFIDENCE = 50
LONGEST_TITLE, LONGEST_LINK = 80, 200
# The year 9999: a day later is none.
_LAST_DAY = 253_370_764_800.0


class NoListError(DecodeError):
    """This is no list at all, or not all of one; the message is for people."""


@dataclass(frozen=True, slots=True)
class ListOrigin:
    """Who says so within a list, as OTX's pulses do: printable and cut short, empty where unknown.

    `day` is that of the last time (ISO 8601), `link` an address of HTTPS, `confidence` in percent,
    -1 where the source tells none.
    """

    title: str = ""
    author: str = ""
    day: str = ""
    link: str = ""
    confidence: int = -1


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """A name, or a network; one of the two is there.

    It holds `until` then (since the epoch).
    """

    name: str = ""
    network: Network | None = None
    origin: ListOrigin | None = None
    until: float = math.inf


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line, or a word of it, and why it is no entry; `text` is as it came, cut short."""

    number: int
    text: str
    reason: str


Found = ListedEntry | RefusedLine


def read_list(lines: Iterable[bytes], now: float = 0.0) -> Iterator[Found]:
    """Yield what each line gives, in order; blank lines and remarks give nothing.

    What has expired `now` (since the epoch) is refused. Raises NoListError as soon as it is known,
    at the latest behind the last line.
    """
    reader: _Text | _JsonLines | _Table | _Csv | None = None
    columns = b""
    for number, raw in enumerate(lines, 1):
        try:
            line = _text(raw)
            if not line:
                columns = raw if reader is None and b"," in raw[:LONGEST_LINE] else columns
                continue
            if reader is None:
                reader = _reader(line, columns)
            found = [_in_force(each, now) for each in reader.read(line)]
        except RefusedEntryError as error:
            found = [_refused(number, raw.decode("utf-8", "replace"), str(error))]
        for each in found:
            yield (
                _refused(number, each.text, each.reason) if isinstance(each, RefusedLine) else each
            )
    if reader is not None:
        reader.finish()


def _in_force(found: Found, now: float) -> Found:
    """Refuse what holds no more. Raises RefusedEntryError."""
    if isinstance(found, ListedEntry) and found.until <= now:
        raise RefusedEntryError(EXPIRED)
    return found


def _reader(line: str, columns: bytes) -> _Text | _JsonLines | _Table | _Csv:
    """Choose by the first line that says something, and by the remark above it."""
    if line.startswith("<"):
        raise NoListError(A_PAGE)
    if line.startswith("{"):
        return _JsonLines()
    if line.startswith('"'):
        return _Csv(columns.decode("utf-8", "replace"))
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
    """Spamhaus DROP, or OTX's export, or its pulses as the fetcher keeps them."""

    def __init__(self) -> None:
        self._networks = 0
        self._told: int | None = None
        self._pulse, self._said = ListOrigin(), math.inf

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
            yield self._of_pulse(record)
        elif "pulse" in record:
            self._pulse, self._said = _pulse(record), _moment(record.get("modified"))
        else:
            self._networks += "cidr" in record
            yield ListedEntry(network=read_network(_string(record.get("cidr"))))

    def _of_pulse(self, record: Mapping[str, object]) -> Found:
        if not record.get("is_active", 1):
            raise RefusedEntryError(NOT_ACTIVE)
        found = _typed(record.get("type"), record["indicator"])
        lasts = self._said + (ADDRESS_S if found.network else NAME_S)
        origin = self._pulse if self._pulse.title else None
        until = min(lasts, _moment(record.get("expiration")))
        return dataclasses.replace(found, origin=origin, until=until)

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


class _Csv:
    """Tables of abuse.ch: URLhaus (`url`), ThreatFox (`ioc_value`, `ioc_type`)."""

    def __init__(self, remark: str) -> None:
        self._columns = [name.strip() for name in _row(remark.strip().lstrip("# "))]
        if not {"url", "ioc_value"} & set(self._columns):
            raise NoListError("a table whose columns nobody names")

    def read(self, line: str) -> Iterator[Found]:
        cells = _row(line)
        if len(cells) < len(self._columns):
            raise RefusedEntryError(TOO_FEW)
        row = dict(zip(self._columns, cells, strict=False))
        yield _of_threatfox(row) if "ioc_value" in row else _of_urlhaus(row)

    def finish(self) -> None:
        pass


def _row(line: str) -> list[str]:
    try:
        return next(csv.reader([line], skipinitialspace=True), [])
    except csv.Error:
        raise RefusedEntryError(NOT_TEXT) from None


def _of_urlhaus(row: Mapping[str, str]) -> ListedEntry:
    found = ListedEntry(network=read_network(_address_of(row["url"])))
    day, link = row.get("dateadded", ""), row.get("urlhaus_link", "")
    title = " ".join(filter(None, (row.get("threat"), row.get("tags"))))
    origin = ListOrigin(plainly(title), plainly(row.get("reporter")), _day(day), _link(link))
    return dataclasses.replace(found, origin=origin)


def _of_threatfox(row: Mapping[str, str]) -> ListedEntry:
    confidence = row.get("confidence_level", "").strip()
    sure = int(confidence) if confidence.isascii() and confidence.isdigit() else -1
    if 0 <= sure < LEAST_CONFIDENCE:
        raise RefusedEntryError(UNSURE)
    if row.get("is_compromised", "").strip().lower() in ("1", "true"):
        raise RefusedEntryError(BROKEN_INTO)
    kind = row.get("ioc_type", "")
    if kind not in ("domain", "ip:port", "url"):
        raise RefusedEntryError(NOT_LOOKED_FOR)
    number = row.get("ioc_id", "").strip()
    is_number = number.isascii() and number.isdigit() and len(number) < 20
    link = f"https://threatfox.abuse.ch/ioc/{number}/" if is_number else ""
    day = row.get("last_seen_utc") or row.get("first_seen_utc", "")
    title, author = plainly(row.get("malware_printable")), plainly(row.get("reporter"))
    origin = ListOrigin(title, author, _day(day), link, min(sure, 100))
    return dataclasses.replace(_bare(row["ioc_value"].strip()), origin=origin)


def plainly(text: object) -> str:
    """Return a stranger's words on one line, printable and cut short; empty for what is no text."""
    words = " ".join(text[: 4 * LONGEST_TITLE].split()) if isinstance(text, str) else ""
    return "".join(sign if sign.isprintable() else "·" for sign in words[:LONGEST_TITLE])


def _pulse(record: Mapping[str, object]) -> ListOrigin:
    """Return what a pulse is called (OTX's API: `id`, `name`, `author_name`, `modified`)."""
    name = record.get("pulse")
    is_id = isinstance(name, str) and name.isascii() and name.isalnum() and len(name) <= 40
    link = f"https://otx.alienvault.com/pulse/{name}" if is_id else ""
    day = _day(record.get("modified") or record.get("day"))
    return ListOrigin(plainly(record.get("name")), plainly(record.get("author")), day, link)


def _day(text: object) -> str:
    moment = _moment(text)
    return datetime.fromtimestamp(moment, UTC).date().isoformat() if moment < _LAST_DAY else ""


def _moment(text: object) -> float:
    """Return a time of ISO 8601, UTC where it tells no zone; without end where it is none."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        return found.replace(tzinfo=found.tzinfo or UTC).timestamp() if found else math.inf
    except (ValueError, OverflowError):
        return math.inf


def _link(text: str) -> str:
    plain = text.isascii() and text.isprintable() and len(text) <= LONGEST_LINK
    return text if plain and text.startswith("https://") else ""


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


def _bare(word: str) -> ListedEntry:
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


def _typed(kind: object, value: object) -> ListedEntry:
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
