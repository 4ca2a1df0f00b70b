# SPDX-License-Identifier: MIT
"""The rows of one router's list: read whole, written where something changed, read back, watched.

It talks over a connection that is given; a row that somebody removes on the router stays away.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.blocking import judge
from appliance.blocking.difference import SLACK_S, Entry, There, difference, timeout
from appliance.blocking.register import Register
from appliance.formats import plain_address, sentences
from appliance.host import clocks
from appliance.router.api import Answer, Connection, Fields
from appliance.router.picture import is_yes
from appliance.router.plan import FAMILIES, LIST
from appliance.router.refusals import Refusal
from appliance.settings.sections.fit import Network

# Time-outs are sent in whole seconds.
EARLY_S = 2.0
MOST_CUT = 200
# So many rows are looked for one by one; for more of them the list is read once.
FEW = 8
ROW = (".id", "address", "timeout", "comment", "disabled")
# Each row that is added is told, too: no more is asked of it than is looked at.
CHANGE = (".id", "disabled")
CONNECTION = (".id", "src-address", "dst-address")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Placed:
    id: str
    ends: float
    ours: bool = True
    cut: int = 0
    proved: bool = False


class KeptRows:
    """What of our rows is on a router. Methods with a connection raise RouterError."""

    def __init__(self, router: str, register: Register) -> None:
        """Take the router's name, and what is wanted."""
        self._router, self._register = router, register
        self._placed: dict[Network, _Placed] = {}
        self._version = -1
        self._again = False
        # When the first of the rows runs out.
        self._soonest = math.inf
        #: Whether the list has to be read whole, since not all went as it should.
        self.doubtful = False
        #: Rows of others in the list, when it was read last.
        self.foreign = 0
        #: Networks whose row was read back, and how many connections were cut; replaced whole.
        self.proved: dict[Network, int] = {}

    def forget(self) -> None:
        """Take it that the router has no row: it restarted, and nobody lifted anything."""
        self._placed, self.proved = {}, {}

    def watch(self, connection: Connection) -> list[str]:
        """Ask for every row that goes from the lists; return the tags of those events."""
        # What another connection proved is read again first.
        self._version, self.proved = -1, {}
        return [connection.listen(_list(family), CHANGE, _is_gone) for family in FAMILIES]

    def read(self, connection: Connection) -> None:
        """Read the whole list; remove and renew what is not as it should be. `keep` adds."""
        entries, placed, foreign = self._register.entries(), dict[Network, _Placed](), 0
        for family in FAMILIES:
            wanted = [each for each in entries if _family(each.network) == family]
            foreign += self._read(connection, family, wanted, placed)
        self._placed, self.foreign = placed, foreign
        self._again, self.doubtful = True, False
        self._tell_proofs()

    def keep(self, connection: Connection) -> None:
        """Write what is wanted otherwise since the last time, without reading the list."""
        seen = self._register.version
        if seen == self._version and not self._again and clocks.boottime() < self._soonest:
            return
        self._version, self._again = seen, False
        now = clocks.boottime()
        entries = self._register.entries()
        for family in FAMILIES:
            wanted = {each.network: each for each in entries if _family(each.network) == family}
            self._lift(connection, family, wanted, now)
            self._add(connection, family, [e for n, e in wanted.items() if n not in self._placed])
            self._extend(connection, family, wanted, now)
        self._tell_proofs()

    def gone(self, row: Fields) -> None:
        """Take a row that is gone from the list: one of ours, before its time, was lifted.

        Where another's row did for ours and is gone, ours is wanted.
        """
        for network, placed in self._placed.items():
            if placed.id == row.get(".id"):
                del self._placed[network]
                self._again = True
                if placed.ours and placed.ends - clocks.boottime() > EARLY_S:
                    self._lifted(network)
                return

    def _read(
        self,
        connection: Connection,
        family: str,
        entries: list[Entry],
        placed: dict[Network, _Placed],
    ) -> int:
        """Put into `placed` what is there of `entries`; return the number of others' rows."""
        rows, now = connection.rows(_list(family), ROW, f"?list={LIST}"), clocks.boottime()
        found = difference(self._still(entries, rows), rows)
        _remove(connection, family, found.removals)
        for network, row in found.there.items():
            placed[network] = _seen(self._placed.get(network), row, now)
        _renew(connection, family, found.renewals)
        return found.foreign

    def _still(self, wanted: list[Entry], rows: Iterable[Fields]) -> list[Entry]:
        """Return what is wanted; what was there and is gone was lifted on the router by hand."""
        ids = {row.get(".id") for row in rows if not _is_gone(row)}
        now = clocks.boottime()
        kept = []
        for entry in wanted:
            was = self._placed.get(entry.network)
            known = was is not None and was.ours and was.proved and was.id not in ids
            if was is not None and known and was.ends - now > SLACK_S:
                self._lifted(entry.network)
            else:
                kept.append(entry)
        return kept

    def _lift(
        self, connection: Connection, family: str, wanted: dict[Network, Entry], now: float
    ) -> None:
        gone = [n for n in self._placed if _family(n) == family and n not in wanted]
        # Before they are removed: what the router then tells is no hand of somebody else's.
        rows = [self._placed.pop(network) for network in gone]
        _remove(connection, family, [row.id for row in rows if row.ours and row.ends > now])

    def _add(self, connection: Connection, family: str, adds: list[Entry]) -> None:
        if not adds:
            return
        now = clocks.boottime()
        answers = connection.batch(_added(family, entry) for entry in adds)
        added = [
            _Placed(answer.ret, now + entry.seconds)
            for entry, answer in zip(adds, answers, strict=True)
        ]
        networks = [entry.network for entry in adds]
        self._placed.update(zip(networks, added, strict=True))
        self._note_refused(answers)
        self._prove(connection, family, added)
        self._cut(connection, family, networks)

    def _note_refused(self, answers: Iterable[Answer]) -> None:
        """Tell once of rows that were refused; what is there is found by the next reading."""
        refused = [each.refusal for each in answers if each.refusal is not None]
        wrong = [each for each in refused if each.why is not Refusal.THERE]
        if wrong:
            log.error("%s: %d rows are refused: %s", self._router, len(wrong), wrong[0])
        self.doubtful |= bool(refused)

    def _prove(self, connection: Connection, family: str, added: list[_Placed]) -> None:
        """Read each row back by its id; what a router says it did is not what it did."""
        there = _there(connection, family, [row.id for row in added])
        for row in added:
            row.proved = row.id in there
        lacking = sum(not row.proved for row in added)
        if lacking:
            self.doubtful = True
            log.error("%s: %d of %d rows are not there", self._router, lacking, len(added))

    def _cut(self, connection: Connection, family: str, blocked: list[Network]) -> None:
        """Remove the connections of what is blocked now: they would go on past the rules."""
        menu = f"/{family}/firewall/connection"
        found: dict[Network, list[str]] = {}
        rows = connection.rows(menu, CONNECTION)
        networks = set(blocked) if rows else set[Network]()
        for row in rows:
            for network in {_network(row.get(key, ""), family) for key in CONNECTION[1:]}:
                if network in networks and len(found.setdefault(network, [])) < MOST_CUT:
                    found[network].append(row.get(".id", ""))
        for network, ids in found.items():
            self._placed[network].cut += _removed(connection, menu, ids)

    def _extend(
        self, connection: Connection, family: str, wanted: dict[Network, Entry], now: float
    ) -> None:
        late = []
        for network, entry in wanted.items():
            placed = self._placed.get(network)
            if placed is None or not placed.id or not placed.ours:
                continue
            if abs(now + entry.seconds - placed.ends) > SLACK_S:
                late.append((placed.id, entry.seconds))
                placed.ends = now + entry.seconds
        _renew(connection, family, late)

    def _lifted(self, network: Network) -> None:
        log.warning("%s: %s was lifted there by hand", self._router, network)
        self._register.drop(network, f"Lifted by hand on the router {self._router}.")

    def _tell_proofs(self) -> None:
        self._soonest = min((each.ends for each in self._placed.values()), default=math.inf)
        self.proved = {n: each.cut for n, each in self._placed.items() if each.proved}


def _seen(before: _Placed | None, row: There, now: float) -> _Placed:
    ends = math.inf if row.seconds is None else now + row.seconds
    if before is None or before.id != row.id:
        return _Placed(row.id, ends, row.ours, before.cut if before else 0, True)
    # Thousands of new ones among what is soon forgotten would keep all that memory.
    before.ends, before.ours, before.proved = ends, row.ours, True
    return before


def _is_gone(row: Fields) -> bool:
    return is_yes(row.get(".dead", "")) or is_yes(row.get("disabled", ""))


def _added(family: str, entry: Entry) -> tuple[str, ...]:
    return sentences.command(f"{_list(family)}/add", {
        "list": LIST, "address": str(entry.network), "timeout": timeout(entry.seconds),
        "comment": entry.comment,
    })  # fmt: skip


def _there(connection: Connection, family: str, ids: list[str]) -> set[str]:
    """Return those of the ids that are in the list; a router walks all of it for each query."""
    asked = [id for id in ids if id]
    if len(asked) > FEW:
        rows = connection.rows(_list(family), (".id",), f"?list={LIST}")
        return {row.get(".id", "") for row in rows}.intersection(asked)
    commands = [
        sentences.command(f"{_list(family)}/print", {".proplist": ".id"}, f"?.id={id}")
        for id in asked
    ]
    answers = connection.batch(commands)
    return {id for id, answer in zip(asked, answers, strict=True) if answer.rows}


def _list(family: str) -> str:
    return f"/{family}/firewall/address-list"


def _family(network: Network) -> str:
    return "ip" if network.version == 4 else "ipv6"


def _remove(connection: Connection, family: str, ids: Iterable[str]) -> None:
    _removed(connection, _list(family), [id for id in ids if id])


def _removed(connection: Connection, menu: str, ids: list[str]) -> int:
    """Remove rows; what is gone by itself counts too. Return how many."""
    commands = [sentences.command(f"{menu}/remove", {".id": id}) for id in ids]
    answers = connection.batch(commands)
    refused = [each.refusal for each in answers
               if each.refusal and each.refusal.why is not Refusal.GONE]  # fmt: skip
    if refused:
        raise refused[0]
    return len(answers)


def _renew(connection: Connection, family: str, renewals: Iterable[tuple[str, float]]) -> None:
    """Give rows a new time-out, without a gap. A row that has just run out is added by the next."""
    connection.batch([
        sentences.command(f"{_list(family)}/set", {".id": id, "timeout": timeout(seconds)})
        for id, seconds in renewals
    ])  # fmt: skip


def _network(text: str, family: str) -> Network | None:
    """Return what would be blocked for an end of a connection, `192.0.2.1:443`, `[::1]:1`."""
    host = text.rpartition(":")[0] if family == "ip" and ":" in text else text
    if family == "ipv6" and host.startswith("["):
        host = host[1:].partition("]")[0]
    address = plain_address.read(host.partition("/")[0])
    return judge.to_block(address) if address is not None else None
