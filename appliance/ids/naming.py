# SPDX-License-Identifier: MIT
"""From the bare numbers of an event record to an alert that people can read."""

from __future__ import annotations

import logging
from pathlib import Path

from appliance.ids import rules
from appliance.ids.alert import Alert
from appliance.ids.rules import Rulebook
from appliance.ids.unified2 import Event
from appliance.ruleset import set_places

log = logging.getLogger(__name__)

ENGINE = "snort"
# The directory of the rendered configuration, as Snort sees it from its own root.
INSIDE = Path("/run/glovebox-ids")

# IANA's protocol numbers. 255 is what Snort puts into the pseudo packets of its scan detection.
_PROTOCOLS = {
    1: "ICMP",
    2: "IGMP",
    6: "TCP",
    17: "UDP",
    41: "IPv6",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    132: "SCTP",
    255: "IP",
}


def protocol_name(number: int) -> str:
    """Return what an IP protocol is called."""
    return _PROTOCOLS.get(number, f"IP-{number}")


class Naming:
    """Names events after the rules now in force; notices when they are rendered anew."""

    def __init__(self, directory: Path, root: Path, sets: Path = set_places.FOLDER) -> None:
        """`directory` holds the rendered snort.conf, `root` is the engine's root, `sets` the
        generations of rule sets.
        """
        self._directory = directory
        self._root = root
        self._sets = sets
        self._book = Rulebook()
        self._read_ns: int | None = None

    def refresh(self) -> None:
        """Read the rules again if they changed. Without them alerts keep bare numbers."""
        config = self._directory / "snort.conf"
        try:
            changed = config.stat().st_mtime_ns
            if changed != self._read_ns:
                self._book, self._read_ns = rules.load(config, self._resolve), changed
        except OSError as error:
            if self._read_ns != 0:
                log.warning("alerts are stored without names: %s: %s", config, error.strerror)
            self._book, self._read_ns = Rulebook(), 0

    def alert(self, event: Event) -> Alert:
        """Return the alert of an event."""
        return Alert(
            time_us=event.time_us,
            gid=event.gid,
            sid=event.sid,
            rev=event.rev,
            message=self._book.message(event.gid, event.sid, event.rev),
            classification=self._book.classification(event.classification_id),
            priority=event.priority,
            protocol=protocol_name(event.protocol),
            source=event.source,
            source_port=event.source_port,
            destination=event.destination,
            destination_port=event.destination_port,
            engine=ENGINE,
        )

    def _resolve(self, path: str) -> Path:
        inside = Path(path)
        if inside.is_relative_to(INSIDE):
            return self._directory / inside.relative_to(INSIDE)
        if inside.is_relative_to(set_places.INSIDE):
            return self._sets / inside.relative_to(set_places.INSIDE)
        return self._root / inside.relative_to("/")
