# SPDX-License-Identifier: MIT
"""The work on each frame: what is in it, is it listed, and does that raise an alert."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from appliance.errors import DecodeError
from appliance.intel import kept_lists
from appliance.intel.hit_spool import HitSpool
from appliance.intel.kept_lists import Address, KeptList, ListVerdict
from appliance.intel.known_bad import KnownBad
from appliance.intel.meetings import Meetings
from appliance.intel.sightings import QUIC, TLS, Decoder, Sighting

# Servers of DNS over HTTPS, by the names that browsers and their makers publish. Who calls one may
# ask for any name unseen.
HIDING = frozenset(
    (
        *(b"dns.google", b"dns.google.com", b"cloudflare-dns.com", b"one.one.one.one"),
        *(b"mozilla.cloudflare-dns.com", b"chrome.cloudflare-dns.com", b"dns.quad9.net"),
        *(b"doh.opendns.com", b"dns.nextdns.io", b"dns.adguard-dns.com", b"doh.cleanbrowsing.org"),
        *(b"dns.mullvad.net", b"doh.dns.sb", b"dns0.eu", b"doh.apple.com"),
    )
)
MOST_HIDDEN = 64
MOST_LATELY = 1024
# A name that leads nowhere, for whom wants to see an alert; the engines have a rule for it, too.
TRIED = b"glovebox-alert-test.example"


@dataclass
class Matcher:
    """Frames to alerts. `kept` are the lists in force, open; `known` all of them in few bytes."""

    meetings: Meetings
    spool: HitSpool
    known: KnownBad = field(default_factory=KnownBad)
    decoder: Decoder = field(default_factory=Decoder)
    frames: int = 0
    undecoded: int = 0
    looked_up: int = 0
    hidden: dict[str, int] = field(default_factory=dict)
    _kept: list[KeptList] = field(default_factory=list)
    # Who lists what was met lately: a device asks for the same again and again.
    _lately: dict[tuple[bytes, bytes], list[ListVerdict]] = field(default_factory=dict)
    _open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def load(self, folder: Path) -> None:
        """Take the lists that are in force in a folder."""
        stack = contextlib.ExitStack()
        kept = kept_lists.opened(folder, stack)
        self.known = KnownBad(line for each in kept for line in each.lines())
        for each in kept:
            each.let_go()
        self._open.close()
        self._kept, self._open = kept, stack
        self._lately.clear()

    def frame(self, frame: memoryview, now: float) -> None:
        """Look at one frame; any bytes will do."""
        self.frames += 1
        try:
            for seen in self.decoder.decode(frame, int(now * 1e6)):
                self._look_up(seen, now)
        except DecodeError:
            self.undecoded += 1

    def seen(self, seen: Sighting, now: float) -> None:
        """Look at what was seen elsewhere than in a frame."""
        self._look_up(seen, now)

    def who_lists(self, address: Address) -> list[ListVerdict]:
        """Return which lists have an address."""
        return kept_lists.who_lists(self._kept, address)

    def close(self) -> None:
        """Let go of the lists."""
        self._open.close()

    def _look_up(self, seen: Sighting, now: float) -> None:
        self.looked_up += 1
        if seen.name:
            if seen.how in (TLS, QUIC) and seen.name in HIDING:
                self._hide(str(ip_address(seen.device)))
            found = seen.name == TRIED or self.known.has_name(seen.name)
        else:
            found = self.known.has_address(seen.address)
        if found and (listed := self._known_verdicts(seen)):
            alert = self.meetings.take(seen, listed, now)
            if alert is not None and not self.spool.put(alert):
                self.meetings.not_told()

    def _known_verdicts(self, seen: Sighting) -> list[ListVerdict]:
        # A short name has the bytes of some address.
        what = (seen.name, b"" if seen.name else seen.address)
        listed = self._lately.get(what)
        if listed is None:
            if len(self._lately) >= MOST_LATELY:
                self._lately.clear()
            listed = self._lately[what] = self._who_lists(seen)
        return listed

    def _who_lists(self, seen: Sighting) -> list[ListVerdict]:
        if seen.name == TRIED:
            return [ListVerdict("nobody: it is there to be tried", TRIED.decode())]
        if seen.name:
            return kept_lists.who_lists(self._kept, seen.name.decode("ascii", "replace"))
        return kept_lists.who_lists(self._kept, ip_address(seen.address))

    def _hide(self, device: str) -> None:
        if device in self.hidden or len(self.hidden) < MOST_HIDDEN:
            self.hidden[device] = self.hidden.get(device, 0) + 1
