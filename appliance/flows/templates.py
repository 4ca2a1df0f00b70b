# SPDX-License-Identifier: MIT
"""The templates that exporters sent: learnt, withdrawn, kept over a restart. Pure.

The same number means something else for each exporter, port, domain and version of NetFlow.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from appliance.errors import DecodeError
from appliance.flows.layout import Layout, layout
from appliance.formats import netflow
from appliance.formats.netflow import IPFIX, Template

MOST, MOST_OF_STREAM = 2048, 512
# A file of ours is never larger.
MOST_BYTES = 2 << 20
FORM = 1


class StreamKey(NamedTuple):
    """What an exporter's numbers hold for: its address (16 bytes), port, domain and version."""

    address: bytes
    port: int
    domain: int
    version: int


class Templates:
    """All templates, at most MOST; of each stream at most MOST_OF_STREAM. The oldest make room."""

    def __init__(self) -> None:
        self._layouts: dict[StreamKey, dict[int, Layout]] = {}
        self._count = 0
        self.evicted = 0
        #: Grows with each change, so that who keeps them knows.
        self.changes = 0

    def __len__(self) -> int:
        return self._count

    def find(self, stream: StreamKey, number: int) -> Layout | None:
        """Return how the records of a set are laid out, None where no template came."""
        known = self._layouts.get(stream)
        return known.get(number) if known is not None else None

    def learn(self, stream: StreamKey, template: Template) -> bool:
        """Take a template; tell whether it is new or another than before."""
        if not template.fields:
            self._withdraw(stream, template)
            return False
        known = self._layouts.get(stream)
        before = known.get(template.number) if known else None
        if before is not None and before.template == template:
            return False
        self._add(stream, template)
        return True

    def _add(self, stream: StreamKey, template: Template) -> None:
        known = self._layouts.pop(stream, {})
        # The stream that learnt last stands last.
        self._layouts[stream] = known
        if known.pop(template.number, None) is not None:
            self._count -= 1
        known[template.number] = layout(template)
        self._count += 1
        self.changes += 1
        if len(known) > MOST_OF_STREAM:
            self._drop(stream, next(iter(known)))
        while self._count > MOST:
            oldest = next(iter(self._layouts))
            self._drop(oldest, next(iter(self._layouts[oldest])))

    def _drop(self, stream: StreamKey, number: int) -> None:
        self.evicted += 1
        self._forget(stream, number)

    def _forget(self, stream: StreamKey, number: int) -> None:
        known = self._layouts.get(stream, {})
        if known.pop(number, None) is not None:
            self._count -= 1
            self.changes += 1
        if not known:
            self._layouts.pop(stream, None)

    def _withdraw(self, stream: StreamKey, template: Template) -> None:
        """Forget one, or all of a kind (RFC 7011, 8.1)."""
        if template.number >= netflow.FIRST_DATA_SET:
            self._forget(stream, template.number)
            return
        if netflow.is_templates(IPFIX, template.number):
            known = self._layouts.get(stream, {})
            gone = [number for number, each in known.items()
                    if each.template.is_options == template.is_options]  # fmt: skip
            for number in gone:
                self._forget(stream, number)

    def to_text(self) -> str:
        """Return all of them as text to be kept."""
        return json.dumps({"form": FORM, "templates": list(self._rows())}, separators=(",", ":"))

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        for stream, known in self._layouts.items():
            for found in known.values():
                template = found.template
                fields = b"".join(struct.pack("!HHI", *each) for each in template.fields)
                yield {
                    "stream": [stream.address.hex(), *stream[1:]],
                    "template": [template.number, template.is_options, template.scopes],
                    "fields": base64.b64encode(fields).decode(),
                }

    def restore(self, text: str) -> None:
        """Learn what to_text() returned. Raises ValueError, and then knows none of it."""
        values = json.loads(text)
        if not isinstance(values, dict) or values.get("form") != FORM:
            raise ValueError("not of this form")
        try:
            found = [_row(row) for row in values["templates"]]
        except (TypeError, KeyError, struct.error, binascii.Error, DecodeError) as error:
            raise ValueError(f"no templates: {error}") from error
        for stream, template in found:
            self.learn(stream, template)


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
