# SPDX-License-Identifier: MIT
"""Who is blocked now: alerts and wishes in, rows for the routers out.

Ends are kept by the clock of the boot, which nobody sets; only what is written or shown is in
seconds since the epoch. The routers' threads read while one thread changes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from appliance.blocking import judge
from appliance.blocking.book import LIFTED, Block, Book
from appliance.blocking.difference import OURS, Entry
from appliance.blocking.judge import WEAK_WITHIN_S, Ruling, Upshot, World
from appliance.blocking.safe import SafeNetwork, SafeSet
from appliance.formats import plain_address
from appliance.ids.alert import Alert
from appliance.ids.rules import Key
from appliance.reports.blocking import Blocked, PastBlock, Spared
from appliance.router.refusals import plain
from appliance.settings.sections.block import LONGEST_S, BlockConfig
from appliance.settings.sections.fit import Network

MOST_WEAK, MOST_SPARED, MOST_LIFTED, MOST_OVER = 4096, 30, 4096, 30
# For so long, where the owner was is safe.
OWNER_S, MOST_OWNERS = 86400.0, 64
LIFTED_WORDS = "lifted"


@dataclass(slots=True)
class _Running:
    block: Block
    # What its row says: one text for all routers.
    comment: str
    alerts: int = 1


class Register:
    """The one owner of the blocks. `wall` and `clock` tell seconds since the epoch and the boot.

    The thread that made it judges, grants wishes and saves; any other may read, and drop.
    """

    def __init__(
        self,
        settings: BlockConfig,
        book: Book,
        own: list[SafeNetwork],
        wall: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._settings, self._book, self._wall, self._clock = settings, book, wall, clock
        self._lock = threading.Lock()
        self._own, self._of_routers = own, dict[str, list[SafeNetwork]]()
        self._owners: dict[Network, float] = {}
        self._safe = SafeSet(own)
        #: Rules that look only into connections whose handshake was seen.
        self.handshakes: frozenset[Key] = frozenset()
        self._never = book.never()
        self._recent: deque[float] = deque(maxlen=5000)
        self._weak: dict[Network, list[float]] = {}
        self._running: dict[Network, _Running] = {}
        self._ends: dict[Network, float] = {}
        # The book belongs to one thread.
        self._unsaved: deque[tuple[int, float]] = deque()
        self._lifted: dict[Network, float] = {}
        self._spared: deque[Spared] = deque(maxlen=MOST_SPARED)
        self._over_at = -1
        #: The blocks that ended last, the newest first, as of the last `save`.
        self.over: tuple[PastBlock, ...] = ()
        #: Alerts that were judged.
        self.judged = 0
        #: Changes whenever the routers must look again.
        self.version = 0
        for block in book.running(wall()):
            self._running[block.network] = _running(block)
            self._ends[block.network] = clock() + self._left(block)
            age = wall() - block.since
            if 0 <= age <= 3600:
                self._recent.append(clock() - age)
        for block in book.lifted(wall())[-MOST_LIFTED:]:
            self._lifted[block.network] = clock() + self._left(block)

    def _left(self, block: Block) -> float:
        # A wall clock that was set back makes no block longer than it was meant.
        return min(block.until - self._wall(), block.until - block.since, float(LONGEST_S))

    @property
    def spared(self) -> tuple[Spared, ...]:
        """Who was not blocked although he attacked, the oldest first."""
        with self._lock:
            return tuple(self._spared)

    @property
    def never(self) -> tuple[str, ...]:
        """What the owner never wants to be blocked again."""
        with self._lock:
            return tuple(sorted(map(str, self._never)))

    @property
    def enforces(self) -> bool:
        """Whether anything is put on the routers."""
        return self._settings.mode == "on"

    def router(self, name: str, networks: list[SafeNetwork]) -> None:
        """Take what a router says that must not be blocked; what was blocked of it is lifted."""
        with self._lock:
            if self._of_routers.get(name) == networks:
                return
            self._of_routers[name] = networks
        self._renew_safe()

    def owner(self, network: Network) -> None:
        """Take where the owner is just now: nobody there is blocked for a day."""
        now = self._clock()
        with self._lock:
            recent = {n: at for n, at in self._owners.items() if now - at < OWNER_S}
            recent.pop(network, None)
            self._owners = dict([*recent.items(), (network, now)][-MOST_OWNERS:])
        self._renew_safe()

    def _renew_safe(self) -> None:
        with self._lock:
            owners = [SafeNetwork(network, "you were there") for network in self._owners]
            routers = (e for s in self._of_routers.values() for e in s)
            self._safe = SafeSet([*self._own, *owners, *routers])
            unsafe = [network for network in self._running if self._safe.reason(network)]
        for network in unsafe:
            self.drop(network)

    def alert(self, alert: Alert) -> Ruling:
        """Judge an alert, and do what follows. Raises StoreError; then nothing was changed."""
        now = self._clock()
        with self._lock:
            self._forget(now)
            found = judge.judge(alert, self._world(now))
            if found.outcome is Upshot.BLOCK and found.network not in self._running:
                # How often it was blocked before is asked only where it matters.
                found = judge.judge(alert, self._world(now, found.network))
            self.judged += 1
            if found.weak and found.network:
                self._note_weak(found.network, now)
            running = self._of(alert)
            if running is not None:
                running.alerts += 1
            if found.outcome is Upshot.BLOCK:
                self._begin(found, f"{alert.gid}:{alert.sid}", alert.message, "alerts", now)
            elif found.outcome in (Upshot.REFUSED, Upshot.HELD) and found.network:
                self._spare(found, alert.message)
        return found

    def wish(self, network: Network, seconds: float, by: str) -> Ruling:
        """Block for the owner; what is safe is refused to him too. Raises StoreError."""
        now = self._clock()
        with self._lock:
            why = self._safe.reason(network)
            if why:
                return self._refused(Upshot.REFUSED, f"Never blocked: {why}.", network)
            if len(self._running) >= self._settings.most:
                return self._refused(Upshot.HELD, "As many as you allow are blocked.", network)
            self._lifted.pop(network, None)
            length = int(min(max(seconds, 60.0), LONGEST_S))
            found = Ruling(Upshot.BLOCK, "you wanted it", network, "in", length)
            self._begin(found, "", "", by, now)
        return found

    def _refused(self, outcome: Upshot, words: str, network: Network) -> Ruling:
        found = Ruling(outcome, words, network)
        self._spare(found, "You asked for it.")
        return found

    def allow(self, network: Network) -> None:
        """Let a network be blocked again that never should be. Raises StoreError."""
        self._book.remove_never(network)
        with self._lock:
            self._never -= {network}

    def lift(self, network: Network, never: bool = False) -> bool:
        """End a block, and with `never` for good; tell whether there was one. Raises StoreError."""
        if never:
            self._book.add_never(network)
            with self._lock:
                self._never |= {network}
        found = self.drop(network)
        self.save()
        return found

    def drop(self, network: Network, words: str = "") -> bool:
        """End a block now, from any thread; `save` notes it. Tell whether there was one.

        Until it would have ended, no alert begins it again. `words` are shown to the owner.
        """
        with self._lock:
            running = self._running.pop(network, None)
            ends = self._ends.pop(network, None)
            if running is not None and ends is not None:
                self._unsaved.append((running.block.id, self._wall()))
                while len(self._lifted) >= MOST_LIFTED:
                    del self._lifted[next(iter(self._lifted))]
                self._lifted[network] = ends
                if words:
                    self._note_spared(network, LIFTED_WORDS, words, running.block.message)
            self.version += 1
        return running is not None

    def save(self) -> None:
        """Note what was dropped. Raises StoreError; then it is tried again the next time."""
        # Before the rest: what is dropped meanwhile is another version.
        version = self.version
        while self._unsaved:
            self._book.lift(*self._unsaved[0])
            self._unsaved.popleft()
        if version != self._over_at:
            self.over = tuple(map(_past, self._book.over(self._wall(), MOST_OVER)))
            self._over_at = version

    def entries(self) -> list[Entry]:
        """Return the rows that belong on every router now; none unless blocking is on."""
        now = self._clock()
        with self._lock:
            self._forget(now)
            if not self.enforces:
                return []
            return [
                Entry(network, self._ends[network] - now, each.comment)
                for network, each in self._running.items()
            ]

    def shown(self, most: int) -> tuple[int, tuple[Blocked, ...]]:
        """Return how many are blocked, and the newest of them for people."""
        now, wall = self._clock(), self._wall()
        with self._lock:
            self._forget(now)
            newest = sorted(self._running.values(), key=lambda each: -each.block.id)[:most]
            return len(self._running), tuple(
                _shown(each, wall + self._ends[each.block.network] - now) for each in newest
            )

    def _world(self, now: float, network: Network | None = None) -> World:
        earlier = {network: self._book.earlier(network, self._wall())} if network else {}
        return World(self._settings, self._safe, now, self._ends, earlier, self._recent,
                     self._weak, self._never, self._lifted, self.handshakes)  # fmt: skip

    def _begin(self, found: Ruling, rule: str, message: str, by: str, now: float) -> None:
        network = found.network
        if network is None:
            return
        until, running = self._wall() + found.seconds, self._running.get(network)
        if running is not None:
            self._book.change(running.block.id, until)
        else:
            block = Block(network, found.direction, self._wall(), until, by, rule,
                          plain(message, 120), found.words)  # fmt: skip
            self._running[network] = _running(self._book.add(block))
            self._recent.append(now)
        self._ends[network] = now + found.seconds
        self.version += 1

    def _of(self, alert: Alert) -> _Running | None:
        for text in (alert.source, alert.destination):
            address = plain_address.read(text)
            if address and (found := self._running.get(judge.to_block(address))):
                return found
        return None

    def _note_weak(self, network: Network, now: float) -> None:
        while len(self._weak) >= MOST_WEAK and network not in self._weak:
            del self._weak[next(iter(self._weak))]
        times = self._weak.pop(network, [])
        self._weak[network] = [at for at in times if now - at <= WEAK_WITHIN_S][-8:] + [now]

    def _spare(self, found: Ruling, message: str) -> None:
        if found.network is not None:
            self._note_spared(found.network, found.outcome.value, found.words, message)

    def _note_spared(self, network: Network, outcome: str, words: str, message: str) -> None:
        same = (str(network), words)
        if not any((each.network, each.words) == same for each in self._spared):
            self._spared.append(Spared(self._wall(), same[0], outcome, words, plain(message, 120)))

    def _forget(self, now: float) -> None:
        for network in [network for network, ends in self._lifted.items() if ends <= now]:
            del self._lifted[network]
        over = [network for network, ends in self._ends.items() if ends <= now]
        for network in over:
            del self._running[network], self._ends[network]
        self.version += bool(over)


def _running(block: Block) -> _Running:
    return _Running(block, f"{OURS}{block.id} {block.rule}".strip())


def _past(block: Block) -> PastBlock:
    ended = block.until if block.ended is None else block.ended
    return PastBlock(str(block.network), block.since, ended, block.state == LIFTED, block.rule,
                     block.message, block.words, block.by)  # fmt: skip


def _shown(running: _Running, until: float) -> Blocked:
    block = running.block
    return Blocked(str(block.network), block.direction, block.since, until, block.rule,
                   block.message, block.words, block.by, running.alerts)  # fmt: skip
