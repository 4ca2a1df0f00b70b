# SPDX-License-Identifier: MIT
"""The templates that exporters sent: learnt, withdrawn, kept over a restart. Pure.

The same number means something else for each exporter, port, domain and version of NetFlow.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from appliance.errors import DecodeError
from appliance.flows.layout import Layout, layout
from appliance.formats import netflow
from appliance.formats.netflow import IPFIX, Template

# A field takes some 250 bytes of memory: all of them together 16 MB.
MOST, MOST_FIELDS = 2048, 1 << 16
# Of one stream, and of all streams of one exporter.
MOST_OF_STREAM, MOST_OF_EXPORTER, MOST_FIELDS_OF_EXPORTER = 512, 1024, 1 << 15
# Who has sent no template for so long makes room before all others. Exporters repeat theirs at
# least every half an hour.
SILENT_S = 3600.0
# A file of ours is never larger.
MOST_BYTES = 2 << 20
FORM = 1
_NONE: Mapping[int, Layout] = {}


class StreamKey(NamedTuple):
    """What an exporter's numbers hold for: its address (16 bytes), port, domain and version."""

    address: bytes
    port: int
    domain: int
    version: int


@dataclass
class _Book:
    """The templates of one exporter; the stream that learnt last stands last. `last`: monotonic."""

    last: float = 0.0
    templates: int = 0
    fields: int = 0
    streams: dict[StreamKey, dict[int, Layout]] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        """Whether it has more than one exporter may."""
        return self.templates > MOST_OF_EXPORTER or self.fields > MOST_FIELDS_OF_EXPORTER


class Templates:
    """All templates, at most MOST with at most MOST_FIELDS together.

    An exporter that has too many gives up its own oldest. Where all together have too many, an
    exporter makes room that has been silent for long, or else the one that came last: whoever makes
    up addresses and templates drives out nobody that was there before.
    """

    def __init__(self) -> None:
        # The exporter that came last stands last.
        self._books: dict[bytes, _Book] = {}
        # The same, the one that has been silent for longest first.
        self._heard: OrderedDict[bytes, None] = OrderedDict()
        self._count = self._fields = 0
        self.evicted = 0
        #: Grows with each change, so that who keeps them knows.
        self.changes = 0

    def __len__(self) -> int:
        return self._count

    def of(self, stream: StreamKey) -> Mapping[int, Layout]:
        """Return how the records of a stream's sets are laid out, by number."""
        book = self._books.get(stream.address)
        return book.streams.get(stream, _NONE) if book is not None else _NONE

    def find(self, stream: StreamKey, number: int) -> Layout | None:
        """Return how the records of a set are laid out, None where no template came."""
        return self.of(stream).get(number)

    def learn(self, stream: StreamKey, template: Template, now: float = 0.0) -> bool:
        """Take a template that came `now` (monotonic); tell whether it is new or another."""
        if not template.fields:
            self._withdraw(stream, template)
            return False
        before = self.find(stream, template.number)
        if before is not None and before.template == template:
            self._heard_from(stream.address, now)
            return False
        self._add(stream, template, now)
        return True

    def _heard_from(self, address: bytes, now: float) -> None:
        self._books[address].last = now
        self._heard[address] = None
        self._heard.move_to_end(address)

    def _add(self, stream: StreamKey, template: Template, now: float) -> None:
        self._remove(stream, template.number)
        book = self._books.setdefault(stream.address, _Book())
        known = book.streams.pop(stream, {})
        book.streams[stream] = known
        known[template.number] = layout(template)
        self._heard_from(stream.address, now)
        self._weigh(book, 1, len(template.fields))
        self.changes += 1
        if len(known) > MOST_OF_STREAM:
            self._drop(stream, next(iter(known)))
        while book.is_full:
            self._drop_oldest(book)
        while self._count > MOST or self._fields > MOST_FIELDS:
            self._drop_oldest(self._books[self._who_makes_room(now)])

    def _who_makes_room(self, now: float) -> bytes:
        silent = next(iter(self._heard))
        if now - self._books[silent].last > SILENT_S:
            return silent
        return next(reversed(self._books))

    def _drop_oldest(self, book: _Book) -> None:
        stream, known = next(iter(book.streams.items()))
        self._drop(stream, next(iter(known)))

    def _drop(self, stream: StreamKey, number: int) -> None:
        self.evicted += 1
        self._forget(stream, number)

    def _forget(self, stream: StreamKey, number: int) -> None:
        self.changes += self._remove(stream, number)
        book = self._books.get(stream.address)
        if book is not None and not book.templates:
            del self._books[stream.address], self._heard[stream.address]

    def _remove(self, stream: StreamKey, number: int) -> bool:
        book = self._books.get(stream.address, _Book())
        known = book.streams.get(stream, {})
        gone = known.pop(number, None)
        if gone is None:
            return False
        self._weigh(book, -1, -len(gone.template.fields))
        if not known:
            del book.streams[stream]
        return True

    def _weigh(self, book: _Book, templates: int, fields: int) -> None:
        book.templates += templates
        book.fields += fields
        self._count += templates
        self._fields += fields

    def _known(self, stream: StreamKey) -> dict[int, Layout]:
        book = self._books.get(stream.address)
        return book.streams.get(stream, {}) if book is not None else {}

    def _withdraw(self, stream: StreamKey, template: Template) -> None:
        """Forget one, or all of a kind (RFC 7011, 8.1)."""
        if template.number >= netflow.FIRST_DATA_SET:
            self._forget(stream, template.number)
            return
        if netflow.is_templates(IPFIX, template.number):
            known = self._known(stream)
            gone = [number for number, each in known.items()
                    if each.template.is_options == template.is_options]  # fmt: skip
            for number in gone:
                self._forget(stream, number)

    def to_text(self) -> str:
        """Return all of them as text to be kept."""
        return json.dumps({"form": FORM, "templates": list(self._rows())}, separators=(",", ":"))

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        streams = (each for book in self._books.values() for each in book.streams.items())
        for stream, known in streams:
            for found in known.values():
                template = found.template
                fields = b"".join(struct.pack("!HHI", *each) for each in template.fields)
                yield {
                    "stream": [stream.address.hex(), *stream[1:]],
                    "template": [template.number, template.is_options, template.scopes],
                    "fields": base64.b64encode(fields).decode(),
                }

    def restore(self, text: str, now: float = 0.0) -> None:
        """Learn what to_text() returned. Raises ValueError, and then knows none of it."""
        values = json.loads(text)
        if not isinstance(values, dict) or values.get("form") != FORM:
            raise ValueError("not of this form")
        try:
            found = [_row(row) for row in values["templates"]]
        except (TypeError, KeyError, struct.error, binascii.Error, DecodeError) as error:
            raise ValueError(f"no templates: {error}") from error
        for stream, template in found:
            self.learn(stream, template, now)


def _row(row: Any) -> tuple[StreamKey, Template]:
    address, port, domain, version = row["stream"]
    number, is_options, scopes = row["template"]
    fields = base64.b64decode(row["fields"], validate=True)
    stream = StreamKey(bytes.fromhex(address), int(port), int(domain), int(version))
    # Read as if it had just come, so that nothing damaged gets in.
    found = Template(
        int(number),
        tuple(netflow.FlowField(*each) for each in struct.iter_unpack("!HHI", fields)),
        bool(is_options),
        int(scopes),
    )
    if len(stream.address) != 16 or not 0 < len(found.fields) <= netflow.MOST_FIELDS:
        raise DecodeError("of no sound length")
    return stream, netflow.sound(found)
