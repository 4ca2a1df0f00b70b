# SPDX-License-Identifier: MIT
"""From hits to alerts: one a device, indicator and hour; who never raises any. Pure."""

from __future__ import annotations

import zlib
from collections import Counter, OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from appliance.formats.indicators import GENERATOR
from appliance.ids.alert import Alert
from appliance.ids.naming import protocol_name
from appliance.intel.allowed import Address, Allowed
from appliance.intel.hit_spool import ENGINE
from appliance.intel.kept_lists import ListVerdict
from appliance.intel.sightings import FROM, Sighting
from appliance.reports.intel import ListedMeeting

GID = GENERATOR
CLASSIFICATION = "Met something on a list of known bad names and addresses"
# Priorities: two lists that agree or a source that is sure, one list, and who is only called.
SURE, LISTED, ONLY_CALLED = 1, 2, 3
CONFIDENT = 75
HOUR_S = 3600.0
MOST_KEPT, MOST_A_MINUTE, MOST_QUIET = 4096, 60, 256
MOST_LISTS_NAMED = 3


@dataclass
class MeetingCounts:
    """What became of each hit: their sum is `hits`."""

    hits: int = 0
    alerts: int = 0
    alike: int = 0
    allowed: int = 0
    held_back: int = 0


@dataclass
class Meetings:
    """Which device met what within this hour. `own` are addresses that never raise alerts:

    this machine's, the routers', the resolvers'. Times are seconds since the epoch.
    """

    allowed: Allowed
    own: Collection[Address]
    counts: MeetingCounts = field(default_factory=MeetingCounts)
    quiet: Counter[str] = field(default_factory=Counter)
    """How often each listed entry was met and allowed."""
    _kept: OrderedDict[tuple[bytes, str], ListedMeeting] = field(default_factory=OrderedDict)
    _minute: int = 0
    _raised: int = 0
    _called: int = 0

    def take(self, seen: Sighting, listed: Sequence[ListVerdict], now: float) -> Alert | None:
        """Count a hit, and return the alert that it raises; `listed` is not empty."""
        self.counts.hits += 1
        device, other = ip_address(seen.device), ip_address(seen.other)
        entry = listed[0].entry
        if self._is_allowed(seen, device, other):
            self.counts.allowed += 1
            if entry in self.quiet or len(self.quiet) < MOST_QUIET:
                self.quiet[entry] += 1
            return None
        meeting = self._meeting(seen, listed, str(device), str(other), now)
        if meeting.count > 1:
            self.counts.alike += 1
            return None
        if not self._may_raise(seen.how == FROM, now):
            self.counts.held_back += 1
            # The next one may: it was not told yet.
            del self._kept[seen.device, entry]
            return None
        self.counts.alerts += 1
        return _alert(seen, listed, str(device), str(other), now)

    def not_told(self) -> None:
        """Count the alert that was returned last as held back: it could not be handed on."""
        self.counts.alerts -= 1
        self.counts.held_back += 1

    def recent(self, most: int) -> tuple[ListedMeeting, ...]:
        """Return the meetings that began last, the newest first."""
        return tuple(list(self._kept.values())[: -most - 1 : -1])

    def _is_allowed(self, seen: Sighting, device: Address, other: Address) -> bool:
        if device in self.own or (seen.how == FROM and other in self.own):
            return True
        if seen.name:
            return self.allowed.name(seen.name.decode("ascii", "replace"))
        return self.allowed.address(ip_address(seen.address))

    def _meeting(
        self, seen: Sighting, listed: Sequence[ListVerdict], device: str, other: str, now: float
    ) -> ListedMeeting:
        key = (seen.device, listed[0].entry)
        found = self._kept.get(key)
        # Both ways: a clock that was set must not keep an hour for ever.
        if found is not None and abs(now - found.first) < HOUR_S:
            self._kept[key] = found = replace(found, count=found.count + 1, last=now)
            return found
        self._kept.pop(key, None)
        named = tuple(each.list_name for each in listed)
        made = ListedMeeting(device, other, listed[0].entry, seen.how, named, 1, now, now)
        self._kept[key] = made
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return made

    def _may_raise(self, is_called: bool, now: float) -> bool:
        """Tell whether this minute has room; calls from outside, which anybody forges, get half."""
        minute = int(now // 60)
        if minute != self._minute:
            self._minute, self._raised, self._called = minute, 0, 0
        if self._raised >= MOST_A_MINUTE or (is_called and self._called >= MOST_A_MINUTE // 2):
            return False
        self._raised += 1
        self._called += is_called
        return True


def message_of(seen: Sighting, listed: Sequence[ListVerdict]) -> str:
    """Return what an alert says: all of it stands on our lists, nothing of it in the frame."""
    named = ", ".join(map(_says, listed[:MOST_LISTS_NAMED]))
    more = len(listed) - MOST_LISTS_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return f"Known bad: {seen.how} {listed[0].entry} (says {named}{rest})"


def entry_of(message: str, sid: int) -> str:
    """Return the entry that an alert of ours is about, empty where it is none of ours."""
    words = message.partition(" (says ")[0].split()
    entry = words[-1] if words else ""
    return entry if sid_of(entry) == sid else ""


def _says(verdict: ListVerdict) -> str:
    """Return the name of a list, and who says so within it: the first, and when."""
    if not verdict.origins or not verdict.origins[0].title:
        return verdict.list_name
    origin, others = verdict.origins[0], len(verdict.origins) - 1
    by = " ".join(filter(None, (f"by {origin.author}" if origin.author else "", origin.day)))
    more = f" and {others} more" if others else ""
    return f"{verdict.list_name}: “{origin.title}” {by}".rstrip() + more


def confidence_of(listed: Sequence[ListVerdict]) -> int:
    """Return the highest confidence that a source tells, in percent; -1 where none does."""
    return max((origin.confidence for each in listed for origin in each.origins), default=-1)


def sid_of(entry: str) -> int:
    """Return the number of an entry: each is a rule of its own, to be muted by itself."""
    return zlib.crc32(entry.encode()) & 0x7FFFFFFF


def _alert(
    seen: Sighting, listed: Sequence[ListVerdict], device: str, other: str, now: float
) -> Alert:
    sides = (device, seen.device_port, other, seen.other_port)
    if seen.how == FROM:
        sides = (other, seen.other_port, device, seen.device_port)
    several = len({each.list_name for each in listed}) > 1
    sure = SURE if several or confidence_of(listed) >= CONFIDENT else LISTED
    return Alert(
        time_us=int(now * 1e6), gid=GID, sid=sid_of(listed[0].entry), rev=1,
        message=message_of(seen, listed), classification=CLASSIFICATION,
        priority=ONLY_CALLED if seen.how == FROM else sure,
        protocol=protocol_name(seen.protocol), source=sides[0], source_port=sides[1],
        destination=sides[2], destination_port=sides[3], engine=ENGINE,
    )  # fmt: skip
