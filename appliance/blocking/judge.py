# SPDX-License-Identifier: MIT
"""From an alert to a block, or to the reason why there is none. Pure.

Whoever sends one packet writes into it whatever address he likes: a block on such evidence would
let anybody make an owner block his bank. So what a forged packet can cause is weak evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_network

from appliance.blocking.safe import SafeSet
from appliance.formats import plain_address
from appliance.ids.alert import Alert
from appliance.ids.rules import Key
from appliance.settings.sections.block import BlockConfig
from appliance.settings.sections.fit import Network

WEAK_ALERTS, WEAK_WITHIN_S, WEAK_BLOCK_S = 3, 600.0, 300
# So many different addresses in a minute are no attackers but a mistake, or a forger at work.
MOST_PER_MINUTE = 20
# A machine that asks for the name of an attacker asks some name server, not the attacker.
NAMES = frozenset((53, 853, 5353))
SCANS = frozenset((122,))
SCAN_CLASSES = frozenset(("attempted-recon", "network-scan", "attempted information leak",
                          "detection of a network scan"))  # fmt: skip
# Classes of rules that speak of the machine inside: what it reaches out to is the attacker.
FROM_INSIDE = frozenset((
    "trojan-activity", "command-and-control", "domain-c2", "malware-cnc",
    "a network trojan was detected", "malware command and control activity detected",
    "a network trojan was detected.", "known malware command and control traffic",
))  # fmt: skip


class Upshot(Enum):
    """What became of an alert."""

    BLOCK = "block"
    REFUSED = "refused"
    HELD = "held"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is done about an alert: for BLOCK, whom to block, for how many seconds, and why."""

    outcome: Upshot
    words: str
    network: Network | None = None
    direction: str = ""
    seconds: int = 0
    weak: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """What is known beside the alert; times are seconds of one clock that nobody sets.

    `ends` is until when networks are blocked, `earlier` how often each was, `recent` when the last
    hour's blocks began, `weak` when weak evidence against a network came, `lifted` until when what
    somebody lifted stays so. `handshakes` are the rules that look only into connections whose
    handshake was seen.
    """

    settings: BlockConfig
    safe: SafeSet
    now: float
    ends: Mapping[Network, float] = field(default_factory=dict)
    earlier: Mapping[Network, int] = field(default_factory=dict)
    recent: Sequence[float] = ()
    weak: Mapping[Network, Sequence[float]] = field(default_factory=dict)
    never: frozenset[Network] = frozenset()
    lifted: Mapping[Network, float] = field(default_factory=dict)
    handshakes: Set[Key] = frozenset()


def judge(alert: Alert, world: World) -> Ruling:
    """Say what is done about an alert."""
    settings = world.settings
    if settings.mode == "off":
        return _nothing("Blocking is off.")
    if f"{alert.gid}:{alert.sid}" in settings.spare:
        return _nothing("Its rule is spared.")
    scan = is_scan(alert)
    if alert.priority > settings.priority and not (scan and settings.scans):
        return _nothing("It is not grave enough.")
    source, target = plain_address.read(alert.source), plain_address.read(alert.destination)
    if source is None or target is None:
        return _nothing("It has no address.")
    inside = world.safe.is_inside(source), world.safe.is_inside(target)
    if inside == (True, True):
        return _nothing("It is between two machines of yours.")
    if inside == (False, False):
        return _nothing("Neither side is yours; is everything of yours in home_networks?")
    if inside[0] and (alert.classification or "").lower() not in FROM_INSIDE:
        return _nothing("It comes from a machine of yours.")
    if inside[0] and alert.destination_port in NAMES:
        return _nothing("It is a question for a name: who answers it is no attacker.")
    outside, direction = (target, "out") if inside[0] else (source, "in")
    return _outside(alert, world, to_block(outside), direction, scan)


def _outside(alert: Alert, world: World, network: Network, direction: str, scan: bool) -> Ruling:
    why = world.safe.reason(network)
    if not why and any(_overlap(network, each) for each in world.never):
        why = "you said never again"
    if why:
        return Ruling(Upshot.REFUSED, f"Never blocked: {why}.", network, direction)
    if world.lifted.get(network, world.now) > world.now:
        words = "It was lifted by hand, and stays so until it would have ended."
        return Ruling(Upshot.REFUSED, words, network, direction)
    known = (alert.gid, alert.sid) in world.handshakes
    weak = is_weak(alert, direction, scan, known)
    if weak:
        if scan and any(word in alert.message.lower() for word in ("decoy", "distributed")):
            return _nothing("Its addresses are made up: a scan with decoys.")
        times = [at for at in world.weak.get(network, ()) if world.now - at <= WEAK_WITHIN_S]
        if len(times) + 1 < WEAK_ALERTS:
            return Ruling(Upshot.NOTHING, "A single packet may be forged: more are waited for.",
                             network, direction, weak=True)  # fmt: skip
    return _capped(world, network, direction, weak)


def _capped(world: World, network: Network, direction: str, weak: bool) -> Ruling:
    seconds = WEAK_BLOCK_S if weak else world.settings.length(world.earlier.get(network, 0))
    left = world.ends.get(network, world.now) - world.now
    if left > 0:
        # It runs on while the reason lasts; until half of it is over, it is long enough.
        if left >= seconds / 2:
            return _nothing("It is blocked already.")
        return Ruling(Upshot.BLOCK, "It goes on.", network, direction, seconds, weak)
    if len(world.ends) >= world.settings.most:
        words = f"{len(world.ends)} are blocked already, which is the most you allow."
        return Ruling(Upshot.HELD, words, network, direction)
    if sum(world.now - at <= 3600 for at in world.recent) >= world.settings.per_hour:
        words = f"{world.settings.per_hour} were blocked within the hour, which is the most."
        return Ruling(Upshot.HELD, words, network, direction)
    if sum(world.now - at <= 60 for at in world.recent) >= MOST_PER_MINUTE:
        words = f"{MOST_PER_MINUTE} different addresses within a minute: somebody may forge them."
        return Ruling(Upshot.HELD, words, network, direction)
    words = "attacked from outside" if direction == "in" else "a machine of yours talks to it"
    return Ruling(Upshot.BLOCK, words, network, direction, seconds, weak)


def is_scan(alert: Alert) -> bool:
    """Tell whether an alert tells of somebody who looks for open ports."""
    return alert.gid in SCANS or (alert.classification or "").lower() in SCAN_CLASSES


def is_weak(alert: Alert, direction: str, scan: bool, handshake: bool) -> bool:
    """Tell whether one forged packet could have caused it; `handshake`: its rule asks for one.

    Who forges an address gets no answer, and so never ends a handshake. What a machine inside sends
    over other protocols comes from there.
    """
    if scan or alert.source_port is None:
        return True
    return not handshake if alert.protocol.upper() == "TCP" else direction == "in"


def to_block(address: IPv4Address | IPv6Address) -> Network:
    """Return what is blocked for an address: itself, of IPv6 the /64, which one machine has."""
    length = 32 if address.version == 4 else 64
    return ip_network(f"{address}/{length}", strict=False)


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _nothing(words: str) -> Ruling:
    return Ruling(Upshot.NOTHING, words)
