# SPDX-License-Identifier: MIT
"""How long who got the password wrong must wait before the next try. Pure but for its memory.

A client is an address (`subscriber`), or a browser that logged in before. The wait counts from the
client's own last failure, so nobody can lengthen another's, and it never exceeds 30 seconds. What
all do together only decides how soon it is that long.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_network

from appliance.formats import plain_address

FREE = 3  # wrong passwords without a wait: people mistype
LONGEST = 30.0  # seconds
FORGET = 3600.0  # seconds after which a failure no longer counts
MANY = 20  # failures of all addresses within PERIOD: somebody is guessing from several
PERIOD = 60.0  # seconds
MOST_ADDRESSES = 4096


@dataclass
class _Record:
    failures: int
    last: float


class Attempts:
    """Remembers failures by client. Several threads may use it; times are monotonic seconds."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._recent: deque[float] = deque(maxlen=MANY)
        self._lock = threading.Lock()

    def begin(self, client: str, now: float) -> float:
        """Return 0.0 where a try may be made now, else the seconds to wait.

        The try counts as a failure until `succeeded` says otherwise, so that many at once are no
        way around the wait.
        """
        with self._lock:
            record = self._records.get(client)
            if record is None or now - record.last > FORGET:
                record = _Record(0, now)
            due = record.last + self._wait(record.failures, now)
            if now < due:
                return due - now
            self._records[client] = _Record(record.failures + 1, now)
            self._records.move_to_end(client)
            if len(self._records) > MOST_ADDRESSES:
                self._records.popitem(last=False)
            self._recent.append(now)
            return 0.0

    def withdraw(self, client: str) -> None:
        """Take back a try that was not made after all."""
        with self._lock:
            record = self._records.get(client)
            if record is not None:
                record.failures -= 1

    def succeeded(self, client: str) -> None:
        """Forget the failures of a client that knows the password."""
        with self._lock:
            self._records.pop(client, None)
            if self._recent:
                self._recent.pop()

    def _wait(self, failures: int, now: float) -> float:
        if failures == 0:
            return 0.0
        if len(self._recent) == MANY and now - self._recent[0] <= PERIOD:
            return LONGEST
        return 0.0 if failures < FREE else min(LONGEST, 2.0 ** min(failures - FREE, 10))


def subscriber(address: str, links: Collection[IPv6Network] = ()) -> str:
    """Return what stands for one client.

    That is its address; of IPv6 from outside of our `links` the /64, for there one subscriber has
    a whole one. On our links a /64 holds everybody at home.
    """
    parsed = plain_address.read(address)
    if not isinstance(parsed, IPv6Address):
        return str(parsed or address)
    is_neighbour = parsed.is_link_local or any(parsed in link for link in links)
    return str(parsed if is_neighbour else ip_network((parsed, 64), strict=False))
