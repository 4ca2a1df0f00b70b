# SPDX-License-Identifier: MIT
"""Who logged in and who got the password wrong: a short list for the owner, and few log lines.

Alike ones are folded into a count. What is listed, what is written to the card and what goes to the
journal stays small whoever knocks.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, replace

from appliance import shape
from appliance.access.vault import Vault

log = logging.getLogger(__name__)

MOST = 20  # of each kind
HOUR_S = 3600.0
LINES = 20  # of wrong passwords in the journal, each hour
LONGEST_ADDRESS = 64


@dataclass(frozen=True, slots=True)
class Knock:
    """Log-ins, or wrong passwords, from one address; times in seconds since the epoch."""

    address: str
    is_right: bool
    first: float
    last: float
    count: int


@dataclass(frozen=True, slots=True)
class EntryList:
    """The newest ones last; `others` are wrong passwords of addresses that fell off the list."""

    entries: tuple[Knock, ...] = ()
    others: int = 0


class Entries:
    """Keeps the list. Several threads may use it."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._lock = threading.Lock()
        self._list = _read(vault.entries())
        self._lines: deque[float] = deque(maxlen=LINES)
        self._saved = 0.0

    def now(self) -> EntryList:
        """Return the list."""
        return self._list

    def came_in(self, address: str) -> None:
        """Note a log-in; the list is on the card afterwards."""
        with self._lock:
            self._add(address, True)
            self._save()
        log.info("logged in from %s", address)

    def failed(self, address: str) -> None:
        """Note a wrong password. The card is written for that once an hour at most."""
        with self._lock:
            self._add(address, False)
            now = time.monotonic()
            if self._saved == 0.0 or now - self._saved > HOUR_S:
                self._save()
            is_told = len(self._lines) < LINES or now - self._lines[0] > HOUR_S
            if is_told:
                self._lines.append(now)
        if is_told:
            log.warning("a wrong password from %s", address)

    def _add(self, address: str, is_right: bool) -> None:
        now, address = time.time(), address[:LONGEST_ADDRESS]
        rest, old = [], Knock(address, is_right, now, now, 0)
        for entry in self._list.entries:
            if (entry.address, entry.is_right) == (address, is_right):
                old = entry
            else:
                rest.append(entry)
        rest.append(replace(old, last=now, count=old.count + 1))
        alike = [entry for entry in rest if entry.is_right is is_right]
        others = self._list.others
        if len(alike) > MOST:
            rest.remove(alike[0])
            others += 0 if is_right else alike[0].count
        self._list = EntryList(tuple(rest), others)

    def _save(self) -> None:
        self._saved = time.monotonic()
        try:
            self._vault.keep_entries(json.dumps(shape.to_json(self._list)))
        except OSError as error:
            log.warning("the list of log-ins cannot be kept: %s", error)


def _read(text: str | None) -> EntryList:
    try:
        return shape.from_json(EntryList, json.loads(text or "{}"))
    except (ValueError, RecursionError):
        return EntryList()
