# SPDX-License-Identifier: MIT
"""From datagrams to flows: decodes batches, and accounts for every datagram, set and record.

No input or output, and no clock: who calls says when the datagrams came. Records of one layout are
decoded together, however many datagrams they came in; templates are learnt before the data that
stands with them, and data that came too early is decoded when its template comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from appliance.errors import DecodeError
from appliance.flows import layout, plausible, times
from appliance.flows.exporters import Exporter, Exporters, Stream
from appliance.flows.layout import V5_LAYOUT, Layout
from appliance.flows.records import FLOW, Flows, Ints, joined, none
from appliance.flows.sequence import Arrival
from appliance.flows.templates import Templates
from appliance.flows.times import Sending
from appliance.flows.waiting import WaitingRoom, WaitingSet
from appliance.formats import netflow
from appliance.formats.netflow import V5, V9, FlowHeader, FlowSet, UnsupportedVersion

# So many records are decoded at once at most: each takes a hundred bytes and more.
MOST_AT_ONCE = 32_768
# A clock before this is one that was not set yet: then the exporter's counts. 2024, in ms.
OLDEST_NOW_MS = 1_704_067_200_000

Datagram = tuple[bytes, int, memoryview]
"""The sender's address (16 bytes) and port, and the payload."""


@dataclass(slots=True, eq=False)
class _Gathered:
    """Sets of one stream and one layout, until they are decoded together."""

    stream: Stream
    layout: Layout
    contents: list[bytes | memoryview] = field(default_factory=list)
    notes: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    """Of each set: records, export time, uptime, skew, sampling."""


class Collector:
    """Decodes what exporters send; `templates` may be those of an earlier run."""

    def __init__(self, exporters: Exporters, line_mbit: int = 0) -> None:
        """Take who may send, and what the line carries (0: not known)."""
        self.exporters = exporters
        self.templates = Templates()
        self.waiting = WaitingRoom()
        self.sets = 0
        self._line_mbit = line_mbit
        self._pieces: dict[tuple[int, int], _Gathered] = {}
        self._pending = 0
        self._done: list[Flows] = []
        self._arrival_ms = 0
        self._now = 0.0

    def receive(self, datagrams: Iterable[Datagram], arrival_ms: int, now: float) -> Flows:
        """Return the flows of datagrams that came at `arrival_ms` (since the epoch).

        `now` is the same sending by a clock that only grows. Never raises for what they hold.
        """
        self._arrival_ms, self._now = arrival_ms, now
        for key, port, payload in datagrams:
            self._datagram(key, port, payload)
            if self._pending > MOST_AT_ONCE:
                self._decode()
        self._decode()
        done, self._done = self._done, []
        return joined(done) if done else none()

    def _datagram(self, key: bytes, port: int, payload: memoryview) -> None:
        exporter = self.exporters.find(key, self._now)
        exporter.last_seen = self._now
        counts = exporter.counts
        counts.received += 1
        counts.received_bytes += len(payload)
        if not exporter.listed:
            counts.unlisted += 1
            return
        try:
            header = netflow.header(payload)
            if self._content(exporter, port, payload, header):
                counts.decoded += 1
            else:
                counts.again += 1
        except UnsupportedVersion:
            counts.unsupported += 1
        except DecodeError:
            counts.malformed += 1

    def _content(
        self, exporter: Exporter, port: int, payload: memoryview, header: FlowHeader
    ) -> bool:
        """Take what a datagram holds; tell whether it came for the first time."""
        stream = self.exporters.stream(exporter, port, header, self._now)
        stream.last_seen = self._now
        exporter.version = header.version
        arrival = stream.sequence.look(header.sequence, header.uptime_ms, len(payload))
        if arrival is Arrival.AGAIN:
            return False
        if arrival is Arrival.ANEW:
            stream.boot = times.BootTime()
        skew = self._skew(exporter, header)
        units: int | None = 1
        try:
            if header.version == V5:
                units = self._version5(stream, payload, header, skew)
            else:
                units = self._sets(stream, payload, header, skew)
        except DecodeError:
            units = 1 if header.version == V9 else None
            raise
        finally:
            stream.sequence.take(arrival, header.sequence, units)
        return True

    def _skew(self, exporter: Exporter, header: FlowHeader) -> int:
        if self._arrival_ms < OLDEST_NOW_MS < header.export_ms:
            exporter.skew_ms = 0
        else:
            exporter.skew_ms = header.export_ms - self._arrival_ms
        return exporter.skew_ms

    def _version5(self, stream: Stream, payload: memoryview, header: FlowHeader, skew: int) -> int:
        count = (header.end - header.body) // V5_LAYOUT.size
        self.sets += 1
        if header.sampling:
            stream.exporter.sampling = header.sampling
        content = payload[header.body : header.end]
        self._put(stream, V5_LAYOUT, content, count, header, skew)
        return count

    def _sets(
        self, stream: Stream, payload: memoryview, header: FlowHeader, skew: int
    ) -> int | None:
        """Take the sets; return the units by which the sequence grows, None where unknown."""
        data = []
        broken: DecodeError | None = None
        try:
            for found in netflow.sets(payload, header):
                number = found[0]
                if number >= netflow.FIRST_DATA_SET:
                    data.append(found)
                elif netflow.is_templates(header.version, number):
                    self._learn(stream, payload, found)
        except DecodeError as error:
            broken = error
        units: int | None = 0
        self.sets += len(data)
        layouts = self.templates.of(stream.key)
        for number, start, end in data:
            content = payload[start:end]
            count = self._known(stream, layouts.get(number), content, header, skew)
            if count is None:
                self.waiting.put(WaitingSet(stream.key, number, header, bytes(content),
                                            self._now, skew))  # fmt: skip
            units = None if count is None or units is None else units + count
        if broken is not None:
            raise broken
        return 1 if header.version == V9 else units

    def _learn(self, stream: Stream, payload: memoryview, found: FlowSet) -> None:
        for template in netflow.templates(payload, stream.key.version, found):
            self.templates.learn(stream.key, template, self._now)
            for waiting in self.waiting.take(stream.key, template.number):
                known = self.templates.find(stream.key, waiting.number)
                self._known(stream, known, waiting.content, waiting.header, waiting.skew_ms)

    def _known(
        self, stream: Stream, found: Layout | None, content: bytes | memoryview,
        header: FlowHeader, skew: int,
    ) -> int | None:  # fmt: skip
        """Take a set whose template is known; return how many records it has, None where not."""
        if found is None:
            return None
        if found.template.is_options:
            return self._options(stream, found, bytes(content))
        if not found.size:
            return self._varied(stream, found, bytes(content), header, skew)
        count, filled = divmod(len(content), found.size)
        if filled:
            content = content[:-filled]
        self._put(stream, found, content, count, header, skew)
        return count

    def _options(self, stream: Stream, found: Layout, content: bytes) -> int:
        count = 0
        for record in layout.options(found.template, content):
            count += 1
            stream.exporter.sampling = layout.sampling(record) or stream.exporter.sampling
        stream.exporter.counts.option_records += count
        return count

    def _varied(
        self, stream: Stream, found: Layout, content: bytes, header: FlowHeader, skew: int
    ) -> int:
        columns = layout.varied(found, content)
        if columns.count:
            pieces = _Gathered(stream, found)
            pieces.notes.append(_note(columns.count, header, skew))
            self._finish(pieces, columns)
        return columns.count

    def _put(
        self, stream: Stream, found: Layout, content: bytes | memoryview, count: int,
        header: FlowHeader, skew: int,
    ) -> None:  # fmt: skip
        if not count:
            return
        key = (id(stream), id(found))
        pieces = self._pieces.get(key)
        if pieces is None:
            pieces = self._pieces[key] = _Gathered(stream, found)
        pieces.contents.append(content)
        pieces.notes.append(_note(count, header, skew))
        self._pending += count

    def _decode(self) -> None:
        for pieces in self._pieces.values():
            content = b"".join(pieces.contents)
            count = sum(note[0] for note in pieces.notes)
            columns = layout.columns(pieces.layout, content, count)
            self._finish(pieces, columns)
        self._pieces.clear()
        self._pending = 0

    def _finish(self, pieces: _Gathered, columns: layout.Columns) -> None:
        """Make flows of columns, mend their times, and set aside what cannot be."""
        stream, exporter = pieces.stream, pieces.stream.exporter
        counts, *told = np.array(pieces.notes, np.int64).T
        exports, uptimes, skews, samplings = (np.repeat(each, counts) for each in told)
        sending = Sending(exports, uptimes, stream.key.version != netflow.IPFIX)
        flows = layout.flows(columns, lambda found: times.times(found, sending, stream.boot))
        flows["exporter"] = exporter.number
        samplings[samplings == 0] = exporter.sampling
        flows["sampling"] = np.where(flows["sampling"] == 0, samplings, flows["sampling"])
        self._done.append(self._sound(exporter, flows, skews))

    def _sound(self, exporter: Exporter, flows: Flows, skews: Ints) -> Flows:
        if self._arrival_ms < OLDEST_NOW_MS and len(flows):
            arrival = max(self._arrival_ms, int(flows["last"].max()))
        else:
            arrival = self._arrival_ms
        mended = times.correct(flows, arrival, skews)
        counts = exporter.counts
        counts.reversed += mended.reversed
        counts.replaced += mended.replaced
        counts.records += len(flows)
        absurd = plausible.absurd(flows, self._line_mbit)
        counts.absurd += int(absurd.sum())
        kept = flows[~absurd] if absurd.any() else flows
        counts.kept += len(kept)
        if len(kept):
            exporter.newest_ms = max(exporter.newest_ms, int(kept["last"].max()))
        return np.asarray(kept, FLOW)


def _note(count: int, header: FlowHeader, skew: int) -> tuple[int, int, int, int, int]:
    # IPFIX and NetFlow tell seconds, so nothing here is beyond 64 bits.
    return count, header.export_ms, header.uptime_ms, skew, header.sampling
