# SPDX-License-Identifier: MIT
"""`/evidence/NAME`: the packets around an alert, shown and handed out as a pcap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from appliance.errors import DecodeError
from appliance.evidence import cutting, kept_pcaps
from appliance.evidence.hex_lines import hex_lines
from appliance.evidence.kept_pcaps import SUFFIX
from appliance.formats import ip
from appliance.formats.bytestream import ByteStream
from appliance.formats.ethernet import IPV4, IPV6, network_layer
from appliance.formats.pcap import PcapReader

MOST_SHOWN, MOST_BYTES = 40, 512


@dataclass(frozen=True)
class EvidencePlaces:
    """The folders of the pcaps: in memory, and on the card."""

    memory: Path = kept_pcaps.MEMORY
    card: Path = kept_pcaps.FOLDER

    def file(self, name: str) -> Path | None:
        """Return where the packets of a name are; None where there are none."""
        places = (folder / f"{name}{SUFFIX}" for folder in (self.memory, self.card))
        return next((each for each in places if each.is_file()), None)

    def name(self, alert: Mapping[str, Any]) -> str:
        """Return the name of an alert's packets; empty where there are none."""
        name = cutting.name_of(alert["id"], cutting.time_us_of(alert["time"]))
        return name if self.file(name) else ""


@dataclass(frozen=True)
class ShownFrame:
    """A frame for people: when, between whom, and its bytes as text; `fired`: the alert's own."""

    time: str
    ends: str
    length: int
    text: str
    fired: bool


def blueprint(figures: Callable[[], Mapping[str, Any]], places: EvidencePlaces) -> Blueprint:
    """Return the routes `/evidence/NAME` and `/evidence/NAME.pcap`."""
    routes = Blueprint("evidence", __name__)

    @routes.app_context_processor
    def offered() -> dict[str, object]:
        return {"evidence_of": places.name}

    @routes.get("/evidence/<name>.pcap", endpoint="pcap")
    def pcap(name: str) -> ResponseReturnValue:
        answer = Response(_content(places, name), mimetype="application/vnd.tcpdump.pcap")
        answer.headers["Content-Disposition"] = f'attachment; filename="glovebox-{name}.pcap"'
        return answer

    @routes.get("/evidence/<name>", endpoint="show")
    def show(name: str) -> ResponseReturnValue:
        content = _content(places, name)
        found = shown_frames(content, int(name.partition("-")[2]))
        return render_template(
            "evidence.html", **figures(), name=name, frames=around_fired(found),
            count=len(found), size=len(content),
        )  # fmt: skip

    return routes


def shown_frames(content: bytes, time_us: int) -> list[ShownFrame]:
    """Return the frames of a pcap; those of the alert's own time have fired."""
    try:
        pieces = iter((content,))
        records = list(PcapReader(ByteStream(lambda: next(pieces, b""))))
    except (DecodeError, KeyError):
        return []
    return [
        ShownFrame(
            _moment(each.time_us), _ends(each.frame), each.original_length,
            hex_lines(each.frame, MOST_BYTES), each.time_us == time_us,
        )
        for each in records
    ]  # fmt: skip


def _moment(time_us: int) -> str:
    moment = datetime.fromtimestamp(time_us // 1_000_000, UTC)
    return f"{moment:%H:%M:%S}.{time_us % 1_000_000:06}"


def around_fired(found: list[ShownFrame]) -> list[ShownFrame]:
    """Return MOST_SHOWN of the frames, those around the one that fired."""
    fired = next((place for place, each in enumerate(found) if each.fired), 0)
    first = max(0, min(fired - MOST_SHOWN // 2, len(found) - MOST_SHOWN))
    return found[first : first + MOST_SHOWN]


def _ends(frame: bytes) -> str:
    view = memoryview(frame)
    ether_type, position = network_layer(view)
    try:
        if ether_type not in (IPV4, IPV6):
            return "no IP"
        packet = ip.parse(view[position:])
    except DecodeError:
        return "no sound IP"
    return f"{ip_address(packet.source)} → {ip_address(packet.destination)}"


def _content(places: EvidencePlaces, name: str) -> bytes:
    """Return the pcap of a name. Raises NotFound."""
    file = places.file(name) if cutting.is_name(name) else None
    try:
        if file is not None:
            return file.read_bytes()
    except OSError:
        pass
    raise NotFound("These packets are not kept, or not any more.")
