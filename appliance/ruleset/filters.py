# SPDX-License-Identifier: MIT
"""Lines that say which of a rule's alerts are wanted: suppress, event_filter, rate_filter. Pure.

Sources: README.filters of Snort 2.9.20; Suricata's user guide, "Global-Thresholds"; both engines,
which were asked about each form. Suricata wants the words in one order; so each line is written
anew in that order, which Snort takes as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network

from appliance.ids import marker
from appliance.ids.rules import Key, RuleError

SUPPRESS, EVENT_FILTER, THRESHOLD, RATE_FILTER = (
    "suppress",
    "event_filter",
    "threshold",
    "rate_filter",
)
KINDS = (SUPPRESS, EVENT_FILTER, THRESHOLD, RATE_FILTER)
TYPES = ("limit", "threshold", "both")
NEW_ACTIONS = ("alert", "drop", "pass", "log", "reject", "sdrop")
LARGEST = (1 << 32) - 1
# Lists within lists: more than anybody writes, and little enough for a recursion.
DEEPEST = 8

_ORDER = {
    SUPPRESS: ("gen_id", "sig_id", "track", "ip"),
    EVENT_FILTER: ("gen_id", "sig_id", "type", "track", "count", "seconds"),
    THRESHOLD: ("gen_id", "sig_id", "type", "track", "count", "seconds"),
    RATE_FILTER: (
        *("gen_id", "sig_id", "track", "count", "seconds"),
        *("new_action", "timeout", "apply_to"),
    ),
}
_OPTIONAL = {SUPPRESS: {"track", "ip"}, RATE_FILTER: {"apply_to"}}
_KIND = re.compile(r"\s*([A-Za-z_]+)\s*:?(?=\s|$)\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_VARIABLE = re.compile(r"\$\(?\w{1,64}\)?", re.ASCII)


@dataclass(frozen=True)
class Forms:
    """What an engine takes: the words of `track` for each kind of line, and more.

    `excludes`: lists may exclude (`!`); `unlimited`: `count -1` ends a limit; `applies`: a
    rate_filter may have apply_to.
    """

    suppress: Collection[str]
    event_filter: Collection[str]
    rate_filter: Collection[str]
    excludes: bool
    unlimited: bool
    applies: bool

    def of(self, kind: str) -> Collection[str]:
        """Return the words that `track` may have."""
        known = {SUPPRESS: self.suppress, RATE_FILTER: self.rate_filter}
        return known.get(kind, self.event_filter)


@dataclass(frozen=True)
class FilterLine:
    """A line taken apart; `kind` is one of KINDS, but for `threshold`, the old event_filter."""

    kind: str
    key: Key
    values: Mapping[str, str]

    @property
    def ends_a_limit(self) -> bool:
        """Whether it says that a rule has no limit at all (`count -1`)."""
        return self.kind == EVENT_FILTER and self.values["count"] == "-1"

    @property
    def is_for_all(self) -> bool:
        """Whether it is for every rule of a generator, or for all rules there are."""
        return self.key[1] == 0

    def lines(self, forms: Forms) -> Iterator[str]:
        """Yield the line as an engine takes it; two where it cannot follow both directions.

        None where a limit ends that only an engine with `unlimited` can be told of.
        """
        if self.ends_a_limit and not forms.unlimited:
            return
        for track in self._tracks(forms):
            given = {**self.values, **({"track": track} if track else {})}
            words = [f"{name} {given[name]}" for name in _ORDER[self.kind] if name in given]
            yield f"{self.kind} {', '.join(words)}"

    def _tracks(self, forms: Forms) -> Sequence[str | None]:
        track = self.values.get("track")
        if track == "by_either" and track not in forms.of(self.kind):
            return ("by_src", "by_dst")
        return (track,)


def is_filter(line: str) -> bool:
    """Tell whether a line is meant as one of these, right or wrong."""
    found = _KIND.match(line)
    return found is not None and found[1].lower() in KINDS


def parse(line: str, forms: Forms, variables: Collection[str]) -> FilterLine:
    """Take a line apart. Raises RuleError with a reason that speaks of its kind."""
    found = _KIND.fullmatch(line)
    if found is None:
        raise RuleError(f"expected {' or '.join(KINDS)}, then gen_id and sig_id")
    written = found[1].lower()
    try:
        return _parse(written, found[2], forms, variables)
    except RuleError as error:
        raise RuleError(f"{written}: {error}") from None


def _parse(written: str, rest: str, forms: Forms, variables: Collection[str]) -> FilterLine:
    values = _values(written, rest)
    kind = EVENT_FILTER if written == THRESHOLD else written
    key = (_number(values, "gen_id", 0), _number(values, "sig_id", 0))
    _check_words(kind, values, forms)
    if "apply_to" in values and not forms.applies:
        raise RuleError("this engine knows no apply_to")
    for name in ("ip", "apply_to"):
        if name in values:
            values[name] = _addresses(values[name], forms, variables)
    found = FilterLine(kind, key, values)
    _spare_the_marker(found)
    return found


def _values(kind: str, rest: str) -> dict[str, str]:
    """Return the words of a line by name. Raises RuleError."""
    if "#" in rest:
        raise RuleError("a remark belongs on a line of its own, which begins with #")
    if rest.rstrip().endswith(";"):
        raise RuleError("no semicolon at the end")
    values: dict[str, str] = {}
    for piece in _pieces(rest):
        name, _, value = re.sub(r"\s", " ", piece).strip().partition(" ")
        if "ip" in values and _is_network(name):
            raise RuleError("several addresses stand in brackets: ip [10.0.0.1,10.0.1.0/24]")
        if name not in _ORDER[kind]:
            raise RuleError(f"'{name[:32]}': expected {', '.join(_ORDER[kind])}")
        if name in values:
            raise RuleError(f"{name} stands there twice")
        values[name] = value.strip()
    wanted = [name for name in _ORDER[kind] if name not in _OPTIONAL.get(kind, ())]
    if missing := [name for name in wanted if name not in values]:
        raise RuleError(f"{missing[0]} is missing; expected {', '.join(_ORDER[kind])}")
    if ("track" in values) != ("ip" in values) and kind == SUPPRESS:
        raise RuleError("track and ip go together: track by_src, ip 192.168.88.9")
    return values


def _pieces(rest: str) -> Iterator[str]:
    """Split at the commas that are in no list."""
    piece, depth = list[str](), 0
    for letter in rest:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            yield "".join(piece)
            piece.clear()
        else:
            piece.append(letter)
    yield "".join(piece)


def _check_words(kind: str, values: dict[str, str], forms: Forms) -> None:
    choices: dict[str, Collection[str]] = {"type": TYPES, "new_action": NEW_ACTIONS}
    track = values.get("track")
    # Both directions of a suppress can be written as two lines.
    if track not in (None, *forms.of(kind)) and (kind, track) != (SUPPRESS, "by_either"):
        choices["track"] = forms.of(kind)
    for name, words in choices.items():
        if name in values and values[name] not in words:
            raise RuleError(f"{name} {values[name][:32]}: expected {', '.join(sorted(words))}")
    for name, smallest in (("count", 1), ("seconds", 1), ("timeout", 0)):
        if name in values and (kind, name, values[name]) != (EVENT_FILTER, "count", "-1"):
            _number(values, name, smallest)


def _number(values: dict[str, str], name: str, smallest: int) -> int:
    text = values[name]
    if not _NUMBER.fullmatch(text) or not smallest <= int(text) <= LARGEST:
        raise RuleError(f"{name} {text[:32]}: expected a number from {smallest} to {LARGEST}")
    values[name] = str(int(text))
    return int(text)


def _addresses(text: str, forms: Forms, variables: Collection[str]) -> str:
    """Return a list of addresses without its blanks. Raises RuleError."""
    joined = "".join(text.split())
    if "!" in joined and not forms.excludes:
        raise RuleError("this engine takes no ! in front of addresses here")
    for each in _leaves(joined):
        if _VARIABLE.fullmatch(each):
            name = each.strip("$()")
            if name not in variables:
                raise RuleError(f"no variable ${name}; there are {', '.join(sorted(variables))}")
        elif each != "any":
            _network(each)
    return joined


def _leaves(text: str, depth: int = 0) -> Iterator[str]:
    """Yield the addresses of a list, whatever it excludes. Raises RuleError."""
    bare = text.removeprefix("!")
    if not bare.startswith("["):
        yield bare
        return
    if not bare.endswith("]") or depth > DEEPEST:
        raise RuleError(f"ip {text[:40]}: expected a list like [10.0.0.1,10.0.1.0/24]")
    for piece in _pieces(bare[1:-1]):
        yield from _leaves(piece, depth + 1)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise RuleError(f"ip {text[:40]}: expected an address or a network") from None


def _is_network(text: str) -> bool:
    try:
        return bool(_network(text))
    except RuleError:
        return False


def _spare_the_marker(found: FilterLine) -> None:
    """Refuse what would silence the self-test. A limit for all rules is no danger: see guard()."""
    if found.key == (marker.GID, marker.SID):
        raise RuleError(f"sig_id {marker.SID} is the self-test's own rule")
    if not found.is_for_all or found.key[0] not in (0, marker.GID):
        return
    if found.kind == RATE_FILTER:
        raise RuleError("sig_id 0: a rate_filter is for one rule; name its sig_id")
    if found.kind == SUPPRESS and _meets_the_marker(found.values):
        raise RuleError(
            "sig_id 0 with these addresses would silence the self-test too; name the machines, "
            "such as: track by_src, ip 192.168.88.9"
        )


def _meets_the_marker(values: Mapping[str, str]) -> bool:
    if "ip" not in values:
        return True
    ends = {"by_src": (marker.SOURCE,), "by_dst": marker.DESTINATIONS}
    wanted = ends.get(values["track"], (marker.SOURCE, *marker.DESTINATIONS))
    return any(_holds(values["ip"], IPv4Address(end)) for end in wanted)


def _holds(text: str, address: IPv4Address) -> bool:
    """Tell whether a list may hold an address; of a variable nobody knows."""
    if text.startswith("!"):
        return not _holds_surely(text[1:], address)
    if text.startswith("["):
        pieces = list(_pieces(text[1:-1]))
        taken = [piece for piece in pieces if not piece.startswith("!")]
        barred = any(_holds_surely(each[1:], address) for each in pieces if each.startswith("!"))
        return not barred and (not taken or any(_holds(each, address) for each in taken))
    if text == "any" or text.startswith("$"):
        return True
    network = _network(text)
    return network.version == 4 and address in network


def _holds_surely(text: str, address: IPv4Address) -> bool:
    return not text.startswith("$") and _holds(text, address)


def guard(limits: Collection[FilterLine]) -> list[str]:
    """Return the line that keeps limits for all rules from the self-test's marker.

    Both engines prefer a limit for one rule; this one is never reached.
    """
    if not any(each.is_for_all and each.kind == EVENT_FILTER for each in limits):
        return []
    return [
        f"event_filter gen_id {marker.GID}, sig_id {marker.SID}, type limit, track by_src,"
        " count 1000000, seconds 1"
    ]


def without(text: str, keys: Collection[Key]) -> str:
    """Return lines of ours without the limits for the rules that the owner gave limits for."""
    return "".join(line for line in text.splitlines(keepends=True) if _key(line) not in keys)


def _key(line: str) -> Key | None:
    found = re.match(r"event_filter gen_id (\d+), sig_id (\d+),", line)
    return (int(found[1]), int(found[2])) if found else None
