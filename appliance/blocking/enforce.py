# SPDX-License-Identifier: MIT
"""One router's list, kept as it should be: a thread with one long connection to it.

At the beginning and now and then the whole list is read; between, only what changed is written, and
each row is read back. A row that somebody removes on the router stays away.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from appliance.blocking import judge
from appliance.blocking.difference import Entry, difference, timeout
from appliance.blocking.register import Register
from appliance.blocking.safe import of_router
from appliance.formats import sentences
from appliance.host import clocks
from appliance.reports.blocking import RouterPoint, RouterState
from appliance.router import api, here, picture, plan, verify
from appliance.router.api import Answer, ApiAddress, Connection, Fields
from appliance.router.backoff import Backoff
from appliance.router.keeping import Keeping
from appliance.router.picture import Picture, is_yes
from appliance.router.plan import FAMILIES, LIST, NAME, Wanted
from appliance.router.refusals import (
    CertificateError,
    Refusal,
    RefusedError,
    RouterError,
    plain,
)
from appliance.service import Stop
from appliance.settings.sections.fit import Network
from appliance.settings.sections.router import RouterEntry

# A whole list of thousands of rows takes a router seconds to tell.
TICK_S, LOOK_S, WHOLE_S, UNTRUSTED_S = 0.25, 60.0, 600.0, 20.0
SLACK_S = 30.0
# Time-outs are sent in whole seconds.
EARLY_S = 2.0
MOST_CUT = 200
# So many rows are looked for one by one; for more of them the list is read once.
FEW = 8
# Uptime is told in whole seconds, and answers take a while.
REBOOT_S = 10.0
# A connection that ends sooner is made again ever later.
STEADY_S = 60.0
ROW = (".id", "address", "timeout", "comment", "disabled")
CONNECTION = (".id", "src-address", "dst-address")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Placed:
    id: str
    ends: float
    ours: bool = True
    cut: int = 0
    proved: bool = False


class RouterTask:
    """Keeps one router. Another thread reads `state` and `proved`, which are replaced whole."""

    def __init__(self, entry: RouterEntry, keeping: Keeping, register: Register) -> None:
        self._entry, self._keeping, self._register = entry, keeping, register
        self._backoff = Backoff()
        self._placed: dict[Network, _Placed] = {}
        self._booted: float | None = None
        self._flash: int | None = None
        self._wake = False
        # Whether the list lacks something that is wanted, or has to be read whole.
        self._again, self._doubtful = False, False
        self.state = RouterState(entry.name, str(entry.address), False,
                                 "It has not been asked yet.", time.time())  # fmt: skip
        #: Whether its thread ended by a fault of ours.
        self.broken = False
        #: Networks whose row was read back, and how many connections were cut for each.
        self.proved: dict[str, int] = {}

    def run(self, stop: Stop) -> None:
        """Keep the router until stopped; whatever goes wrong there is told in `state`.

        What nobody thought of ends the service, which systemd brings back.
        """
        try:
            while not stop:
                try:
                    pause = self._once(stop)
                except (RouterError, OSError) as error:
                    pause = self._failed(error)
                self._rest(pause, stop)
        except Exception:
            self.broken = True
            stop.set()
            raise

    def retry(self) -> None:
        """Ask the router again now: something may have changed."""
        self._backoff.worked()
        self._wake = True

    def _rest(self, seconds: float, stop: Stop) -> None:
        end = time.monotonic() + seconds
        while not stop and not self._wake and (self._backoff.stopped or time.monotonic() < end):
            stop.wait(TICK_S)
        self._wake = False

    def _once(self, stop: Stop) -> float:
        place = ApiAddress(str(self._entry.address), self._entry.port, pin=self._keeping.pin())
        if not place.pin:
            shown = api.fingerprint(place)
            self._say(False, "Its certificate is not trusted yet.", certificate=shown)
            return UNTRUSTED_S
        secret = self._keeping.made_secret()
        with api.connect(place, NAME, secret.password) as connection:
            self._serve(connection, stop)
        return 0.0

    def _failed(self, error: RouterError | OSError) -> float:
        refused = isinstance(error, RefusedError) and error.why is Refusal.LOGIN
        changed = isinstance(error, CertificateError)
        if refused or changed:
            self._backoff.refused()
        text = f"{plain(str(error))}."
        if refused:
            text += " It is not asked again by itself: that would fill its log."
        shown = error.found if isinstance(error, CertificateError) else ""
        self._say(False, text, certificate=shown)
        self.proved = {}
        return self._backoff.failed()

    def _serve(self, connection: Connection, stop: Stop) -> None:
        """Keep the list in step until stopped. Raises RouterError when the connection is lost."""
        tags = [connection.listen(_list(family), ROW) for family in FAMILIES]
        begun, looked, whole, version = time.monotonic(), float("-inf"), float("-inf"), -1
        while not stop:
            if time.monotonic() - looked >= LOOK_S:
                looked = time.monotonic()
                if self._look(connection) or self._doubtful:
                    whole = float("-inf")
            if time.monotonic() - whole >= WHOLE_S:
                whole, self._doubtful, self._again = time.monotonic(), False, True
                self._whole(connection)
            if time.monotonic() - begun >= STEADY_S:
                self._backoff.worked()
            seen = self._register.version
            if seen != version or self._again or self._due():
                version, self._again = seen, False
                self._step(connection)
            for tag, row in connection.events(TICK_S):
                if tag in tags:
                    self._event(row)
            if connection.overrun:
                connection.overrun, whole = False, float("-inf")

    def _look(self, connection: Connection) -> bool:
        """See how the router is, and learn from it what must never be blocked.

        Tell whether it has restarted.
        """
        found = picture.read(connection)
        restarted = self._note_boot(found)
        self._register.router(self._entry.name, of_router(self._entry.name, found))
        wanted = Wanted(self._entry, here.towards(self._entry.address), "", found)
        points = tuple(
            RouterPoint(each.level, plain(each.text, 300), each.advice)
            for each in verify.points(wanted, found)
        )
        self._say(True, "It answers.", points=points, **_figures(found))
        return restarted

    def _note_boot(self, found: Picture) -> bool:
        # Where it does not say for how long it has been running, nothing is known.
        booted = clocks.boottime() - found.rebooted_ago if found.rebooted_ago else self._booted
        before, self._booted = self._booted, booted
        restarted = before is not None and booted is not None and booted - before > REBOOT_S
        if restarted:
            # Its list was in memory: nobody lifted anything by hand.
            log.warning("%s has restarted", self._entry.name)
            self._placed, self.proved, self._flash = {}, {}, None
        now = _count(found.single("/system/resource").get("write-sect-since-reboot", ""))
        self._flash = now if self._flash is None else self._flash
        self.state = replace(self.state, flash=(self._flash, now))
        return restarted

    def _whole(self, connection: Connection) -> None:
        """Read the whole list, and make it what it should be."""
        before, self._placed = self._placed, {}
        entries, now = self._register.entries(), clocks.boottime()
        foreign = 0
        for family in FAMILIES:
            rows = connection.rows(_list(family), ROW, f"?list={LIST}")
            wanted = [each for each in entries if _family(each.network) == family]
            found = difference(self._still(wanted, before, rows), rows)
            foreign += found.foreign
            _remove(connection, family, found.removals)
            for network, row in found.there.items():
                kept = before.get(network)
                ends = math.inf if row.seconds is None else now + row.seconds
                cut = kept.cut if kept else 0
                self._placed[network] = _Placed(row.id, ends, row.ours, cut, True)
            _renew(connection, family, found.renewals)
        self.state = replace(self.state, foreign=foreign)
        self._tell_proofs()

    def _still(
        self, wanted: list[Entry], before: dict[Network, _Placed], rows: Iterable[Fields]
    ) -> list[Entry]:
        """Return what is wanted; what was there and is gone was lifted on the router by hand."""
        ids = {row.get(".id") for row in rows if not is_yes(row.get("disabled", ""))}
        now = clocks.boottime()
        kept = []
        for entry in wanted:
            was = before.get(entry.network)
            known = was is not None and was.ours and was.proved and was.id not in ids
            if was is not None and known and was.ends - now > SLACK_S:
                self._lifted(entry.network)
            else:
                kept.append(entry)
        return kept

    def _due(self) -> bool:
        now = clocks.boottime()
        return any(each.ends <= now for each in self._placed.values())

    def _step(self, connection: Connection) -> None:
        """Write what changed since the last step, without reading the list."""
        now = clocks.boottime()
        entries = {each.network: each for each in self._register.entries()}
        for family in FAMILIES:
            ours = {n: p for n, p in self._placed.items() if _family(n) == family}
            gone = [network for network in ours if network not in entries]
            for network in gone:
                # Before it is removed: what the router then tells is no hand of somebody else's.
                del self._placed[network]
            _remove(
                connection,
                family,
                [ours[n].id for n in gone if ours[n].ours and ours[n].ends > now],
            )
            adds = [
                each for network, each in entries.items()
                if _family(network) == family and network not in self._placed
            ]  # fmt: skip
            self._add(connection, family, adds)
            self._extend(connection, family, entries, now)
        self._tell_proofs()

    def _add(self, connection: Connection, family: str, adds: list[Entry]) -> None:
        if not adds:
            return
        now = clocks.boottime()
        commands = [
            sentences.command(f"{_list(family)}/add", {
                "list": LIST, "address": str(each.network), "timeout": timeout(each.seconds),
                "comment": each.comment,
            })
            for each in adds
        ]  # fmt: skip
        answers = connection.batch(commands)
        for entry, answer in zip(adds, answers, strict=True):
            self._placed[entry.network] = _Placed(answer.ret, now + entry.seconds)
        self._note_refused(answers)
        self._prove(connection, family, [each.network for each in adds])
        self._cut(connection, family, {each.network for each in adds})

    def _note_refused(self, answers: Iterable[Answer]) -> None:
        """Tell once of rows that were refused; what is there is found by the next reading."""
        refused = [each.refusal for each in answers if each.refusal is not None]
        wrong = [each for each in refused if each.why is not Refusal.THERE]
        if wrong:
            log.error("%s: %d rows are refused: %s", self._entry.name, len(wrong), wrong[0])
        self._doubtful |= bool(refused)

    def _prove(self, connection: Connection, family: str, networks: list[Network]) -> None:
        """Read each row back by its id; what a router says it did is not what it did."""
        there = self._there(connection, family, [self._placed[network].id for network in networks])
        for network in networks:
            self._placed[network].proved = self._placed[network].id in there
        lacking = sum(not self._placed[network].proved for network in networks)
        if lacking:
            self._doubtful = True
            log.error("%s: %d of %d rows are not there", self._entry.name, lacking, len(networks))

    def _there(self, connection: Connection, family: str, ids: list[str]) -> set[str]:
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

    def _cut(self, connection: Connection, family: str, networks: set[Network]) -> None:
        """Remove the connections of what is blocked now: they would go on past the rules."""
        menu = f"/{family}/firewall/connection"
        found: dict[Network, list[str]] = {}
        for row in connection.rows(menu, CONNECTION):
            for network in {_network(row.get(key, ""), family) for key in CONNECTION[1:]}:
                if network in networks and len(found.setdefault(network, [])) < MOST_CUT:
                    found[network].append(row.get(".id", ""))
        for network, ids in found.items():
            self._placed[network].cut += _removed(connection, menu, ids)

    def _extend(
        self, connection: Connection, family: str, entries: dict[Network, Entry], now: float
    ) -> None:
        late = []
        for network, placed in self._placed.items():
            entry = entries.get(network)
            if entry is None or _family(network) != family or not placed.id or not placed.ours:
                continue
            if abs(now + entry.seconds - placed.ends) > SLACK_S:
                late.append((placed.id, entry.seconds))
                placed.ends = now + entry.seconds
        _renew(connection, family, late)

    def _event(self, row: Fields) -> None:
        """Take a change of the list: one of our rows that is gone before its time was lifted.

        Where another's row did for ours and is gone, ours is wanted.
        """
        if not is_yes(row.get(".dead", "")) and not is_yes(row.get("disabled", "")):
            return
        for network, placed in self._placed.items():
            if placed.id == row.get(".id"):
                del self._placed[network]
                self._again = True
                if placed.ours and placed.ends - clocks.boottime() > EARLY_S:
                    self._lifted(network)
                return

    def _lifted(self, network: Network) -> None:
        log.warning("%s: %s was lifted there by hand", self._entry.name, network)
        self._register.drop(network, f"Lifted by hand on the router {self._entry.name}.")

    def _tell_proofs(self) -> None:
        self.proved = {str(network): each.cut for network, each in self._placed.items()
                       if each.proved}  # fmt: skip
        self.state = replace(self.state, rows=len(self.proved))

    def _say(self, reached: bool, words: str, **figures: object) -> None:
        since = self.state.since if self.state.words == words else time.time()
        known: dict[str, object] = {"certificate": "", **figures}
        self.state = replace(self.state, reached=reached, words=words, since=since, **known)  # type: ignore[arg-type]


def _figures(found: Picture) -> dict[str, object]:
    resource = found.single("/system/resource")
    stopped = sum(
        _count(row.get("packets", ""))
        for family in FAMILIES
        for row in found.rows(f"/{family}/firewall/raw")
        if row.get("comment", "") in (plan.RULE_IN, plan.RULE_OUT)
    )
    return {
        "version": ".".join(map(str, found.version)),
        "board": plain(resource.get("board-name", ""), 40),
        "cpu": min(_count(resource.get("cpu-load", "")), 100),
        "stopped": stopped,
    }


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
    address = judge.address_of(host.partition("/")[0])
    return judge.to_block(address) if address is not None else None


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
