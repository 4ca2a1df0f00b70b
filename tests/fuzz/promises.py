# SPDX-License-Identifier: MIT
"""What the readers of strangers' bytes promise for any bytes, by subject.

Whatever is not promised is an exception here. The modules are imported by name, so that who
wants to follow their branches can instrument them before.
"""

from __future__ import annotations

import importlib
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser

Promise = Callable[[bytes], None]
PORTS = frozenset({37008})
FRAMES_AT_ONCE = 8
NOW_MS = 1_790_000_000_000


class _Everybody:
    """Addresses that are all ours: no frame is left out for its destination."""

    def __contains__(self, key: object) -> bool:
        return True


class Promises:
    """The subjects; each takes bytes and raises only where a promise is broken."""

    def __init__(self) -> None:
        formats = ("tzsp", "ethernet", "feedback", "datagrams", "pcap", "pcapng", "sentences")
        self._formats: dict[str, Any] = {name: _part(f"formats.{name}") for name in formats}
        self._error = _part("errors").DecodeError
        self._dhcp = _part("dhcp.frame"), _part("dhcp.message")
        self._engine = _part("ids.unified2"), _part("ids.eve")
        self._hosts = _part("access.hosts")
        self._limits = Adjustments(**_part("web.serve").LIMITS)
        self._settings = _part("settings.examine"), _part("settings.imager")
        self._logs = tuple(_part(f"logs.lines.{name}") for name in ("framing", "meaning", "event"))
        self._flows = _part("flows.collector"), _part("flows.exporters")
        self._dns, self._hello = _part("formats.dns_message"), _part("formats.tls_hello")
        self._host, self._mndp = _part("intel.http_host"), _part("formats.mndp")
        self._lists, self._devices = _part("formats.bad_lists"), _part("devices.announced")
        self._intel = _part("intel.sightings"), _part("intel.quic_initial")
        self._cutting, self._ring = _part("evidence.cutting"), _part("evidence.packet_ring")
        self._shown = _part("evidence.pages")
        self._client = importlib.import_module("tests.unit.intel.quic_client")

    @property
    def subjects(self) -> Mapping[str, Promise]:
        """Every subject by its name; an input's first byte chooses one by its place here."""
        return {
            "tzsp": self.datagram, "radio": self.conversion, "frames": self.frames,
            "sentences": self.sentences, "dhcp": self.dhcp, "http": self.http,
            "unified2": self.unified2, "eve": self.eve, "settings": self.settings,
            "imager": self.imager, "lines": self.lines, "flows": self.flows,
            "names": self.names, "lists": self.lists, "devices": self.devices,
            "intel": self.intel, "quic": self.quic, "evidence": self.evidence,
        }  # fmt: skip

    def check(self, content: bytes) -> None:
        """Try one input: its first byte names the subject, the rest is what the subject gets."""
        if content:
            subjects = tuple(self.subjects.values())
            subjects[content[0] % len(subjects)](content[1:])

    def datagram(self, content: bytes) -> None:
        """A datagram decodes to a view of its end; what encode() wraps comes out the same."""
        tzsp = self._formats["tzsp"]
        try:
            packet = tzsp.decode(memoryview(content))
        except self._error:
            pass
        else:
            assert content.endswith(packet.payload)
            assert packet.payload or not packet.carries_frame
            self._converted(packet.encapsulation, packet.payload)
        if content:
            assert tzsp.decode(memoryview(tzsp.encode(content))).payload == content

    def conversion(self, content: bytes) -> None:
        """Whatever kind of frame it is said to be becomes Ethernet, or is refused."""
        for encapsulation in self._formats["tzsp"].Encapsulation:
            self._converted(encapsulation, memoryview(content))

    def _converted(self, encapsulation: int, payload: memoryview) -> None:
        try:
            frame = memoryview(self._formats["ethernet"].as_ethernet(encapsulation, payload))
        except self._error:
            return
        assert 14 <= len(frame) <= len(payload) + 14
        echoes = self._formats["feedback"].EchoFilter(PORTS, _Everybody())
        assert echoes.is_echo(frame, bytes(16), 0.0) in (True, False)

    def frames(self, content: bytes) -> None:
        """Captured frames, each behind its length, give datagrams that are not longer than all."""
        finder = self._formats["datagrams"].Datagrams(PORTS)
        for number, frame in enumerate(_split(content)):
            record = self._formats["pcap"].Record(number * 700_000, frame, len(frame))
            datagram = finder.take(record)
            assert datagram is None or len(datagram.payload) <= len(content)
            assert datagram is None or datagram.missing >= 0
        finder.finish()
        assert finder.reassembly_failures <= FRAMES_AT_ONCE

    def sentences(self, content: bytes) -> None:
        """A router's answers are sentences or one error, and encode to what they came from."""
        sentences = self._formats["sentences"]
        splitter, size = sentences.Splitter(), 0
        try:
            for words in splitter.feed(content):
                size += len(sentences.encode(words))
                sentences.reply(words)
        except self._error:
            pass
        assert size <= len(content)

    def dhcp(self, content: bytes) -> None:
        """A frame is a message of DHCP or an error, and so are its bytes alone."""
        frame, message = self._dhcp
        try:
            content_of = frame.parse(content).payload
        except self._error:
            content_of = content
        try:
            message.parse(content_of)
        except self._error:
            return

    def http(self, content: bytes) -> None:
        """A request comes to an end or stays open; a host is ours or it is not."""
        request = HTTPRequestParser(self._limits)
        taken = 0
        while taken < len(content) and not request.completed:
            used = request.received(content[taken:])
            assert used > 0 or request.completed
            taken += used
        self._hosts.split(content[:300].decode("latin-1"))
        request.close()

    def unified2(self, content: bytes) -> None:
        """A spool's bytes are used up to some place, and give no more events than fit."""
        unified2, _ = self._engine
        try:
            events, used = unified2.decode(content)
        except self._error:
            return
        assert 0 <= used <= len(content)
        assert len(events) * 8 <= used

    def eve(self, content: bytes) -> None:
        """A line is an alert, another record, or an error; its addresses can be packed."""
        _, eve = self._engine
        try:
            found = eve.alert(eve.record(content))
        except self._error:
            return
        if found is not None:
            for address in (found.source, found.destination):
                socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)

    def settings(self, content: bytes) -> None:
        """The owner's file is settings, or is told what is wrong with it."""
        examine, _ = self._settings
        examined = examine.examine(content, "glovebox.toml", {})
        assert examined.whole or examined.problems

    def imager(self, content: bytes) -> None:
        """What Imager wrote is taken over, or told, and written back at most as long."""
        _, imager = self._settings
        taken = imager.take_over(dict.fromkeys(imager.PARSED, content), imager.TakenOver({}))
        assert taken.digest

    def lines(self, content: bytes) -> None:
        """A connection's bytes are lines, none too long; each means what can be kept or none."""
        framing, meaning, event = self._logs
        framer, reader, size = framing.Framer(), meaning.Reader(), 0
        half = len(content) // 2
        for found in (framer.feed(content[:half]), framer.feed(content[half:]), framer.end()):
            for line in found:
                size += len(line)
                try:
                    told = reader.read(line.decode("utf-8", "replace"))
                except self._error:
                    continue
                assert len(event.packed(told.source)) in (4, 16)
                if isinstance(told, event.LoggedPacket):
                    assert 0 <= told.number <= 255 and 0 <= (told.aimed_port or 0) <= 65535
        assert size <= len(content)

    def names(self, content: bytes) -> None:
        """A segment names a host or does not; a datagram is a message, an announcement or none."""
        view = memoryview(content)
        host = self._host.http_host(view)
        assert host is None or len(host) <= 253
        for read in (
            lambda: self._called(view),
            lambda: self._dns.parse_dns(view),
            lambda: self._mndp.decode(content),
        ):
            try:
                read()
            except self._error:
                continue

    def _called(self, segment: memoryview) -> None:
        name = self._hello.server_name(segment)
        assert name is None or len(name) <= 253

    def devices(self, content: bytes) -> None:
        """A frame tells of few devices or none; names are printable and short."""
        try:
            found = self._devices.announcements(memoryview(content))
        except self._error:
            return
        assert len(found) <= 1
        assert all(each.name.isprintable() and len(each.name) <= 63 for each in found)

    def intel(self, content: bytes) -> None:
        """Frames, each behind its length, tell of names and addresses of a bounded length."""
        decoder = self._intel[0].Decoder()
        for number, frame in enumerate(_split(content, 2)):
            try:
                found = decoder.decode(memoryview(frame), number * 700_000)
            except self._error:
                continue
            assert all(len(each.name) <= 255 and len(each.address) <= 16 for each in found)
            assert len(found) <= max(2, len(content))

    def quic(self, content: bytes) -> None:
        """What a client sealed is a name or none, packet after packet; what waits is bounded."""
        names = self._intel[1].QuicNames()
        for number, frames in enumerate(_split(content, 2)):
            datagram = self._client.initial([frames], number=number)
            name = names.name(memoryview(datagram))
            assert name is None or len(name) <= 253
        names.name(memoryview(content))

    def evidence(self, content: bytes) -> None:
        """Frames that were cut come back from the pcap as they were, and show as plain text."""
        cut = [
            self._ring.RingFrame(number * 1_000_000, frame, len(frame))
            for number, frame in enumerate(_split(content, 2))
        ]
        shown = self._shown.shown_frames(self._cutting.pcap(cut), 0)
        assert [each.length for each in shown] == [len(each.frame) for each in cut]
        assert all(each.text.replace("\n", "").isprintable() for each in shown)

    def lists(self, content: bytes) -> None:
        """Lines are a list of what is bad, or none; each line gives at most a few things."""
        lines = content.split(b"\n")
        try:
            found = list(self._lists.read_list(lines))
        except self._lists.NoListError:
            return
        assert len(found) <= len(content)

    def flows(self, content: bytes) -> None:
        """Datagrams, each behind its length, give flows; each is counted as one thing."""
        collector, exporters = self._flows
        made = collector.Collector(exporters.Exporters())
        split = list(_split(content, 2))
        made.receive([(bytes(16), 9, memoryview(each)) for each in split], NOW_MS, 1.0)
        assert made.exporters.total().received == len(split)


def _part(name: str) -> Any:
    return importlib.import_module(f"appliance.{name}")


def _split(content: bytes, width: int = 1) -> Iterator[bytes]:
    for _ in range(FRAMES_AT_ONCE):
        if len(content) < width:
            return
        length = int.from_bytes(content[:width], "big")
        yield content[width : width + length]
        content = content[width + length :]
