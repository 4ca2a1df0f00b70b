"""What the facts mean: does the sensor watch, and if not, why. Pure policy, first match wins."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from appliance.host.links import Link
from appliance.web import wording
from appliance.web.facts import Alerts, Engine, Facts, Receiver, Stream

NO_ADDRESS = "This machine has no IPv4 address to point a router at."


class Level(enum.Enum):
    """How good it is; the value goes into class names and JSON."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"

    @property
    def severity(self) -> int:
        """Larger is worse."""
        return list(Level).index(self)


@dataclass(frozen=True)
class Verdict:
    """The state in words. `announcement` has no figures: it changes only when the state does."""

    name: str
    level: Level
    word: str
    sentence: str
    announcement: str


def judge(facts: Facts) -> Verdict:
    """Name the first thing that keeps frames from being inspected, along their way."""
    return (
        _receiver_trouble(facts)
        or _interface_trouble(facts)
        or _stream_trouble(facts)
        or _engine_trouble(facts)
        or _store_trouble(facts)
        or _watching(facts)
    )


def _receiver_trouble(facts: Facts) -> Verdict | None:
    if facts.report is None:
        text = "The receiver does not report: no frame reaches " + facts.reader + "."
        return _blind("receiver-absent", text)
    if facts.receiver is Receiver.STALE:
        age = wording.duration(abs(facts.now - facts.report.updated))
        return _blind(
            "receiver-stale",
            f"The receiver last reported {age} ago: the figures below are old.",
            "The receiver stopped reporting: the figures are old.",
        )
    return None


def _interface_trouble(facts: Facts) -> Verdict | None:
    if facts.link is Link.UP:
        return None
    state = "does not exist" if facts.link is Link.MISSING else "is down"
    text = f"The interface {facts.interface} {state}: no frame reaches {facts.reader}."
    return _blind(f"interface-{facts.link.value}", text)


def _stream_trouble(facts: Facts) -> Verdict | None:
    stream = facts.stream
    if stream is Stream.FLOWING:
        return None
    sentence, announcement = _stream_words(facts)
    either = _engine_note(facts)
    waits = stream in (Stream.WAITING, Stream.KEEPALIVES) and not either
    return Verdict(
        f"stream-{stream.value}",
        Level.WARNING if waits else Level.ERROR,
        "Waiting" if waits else "Not watching",
        sentence + either,
        announcement + either,
    )


def _stream_words(facts: Facts) -> tuple[str, str]:
    """Return what is wrong with the stream, with figures and without."""
    if facts.stream is Stream.UNUSABLE:
        reasons = wording.enumerate_words([wording.reason(code) for code in facts.rates.lost])
        text = f"Datagrams arrive, but not one frame can be used: {reasons}."
        return text, text
    if facts.stream is Stream.KEEPALIVES:
        text = "Only keepalives arrive: the router is set up, but sends no frames."
        return text, text
    if facts.stream is Stream.WAITING:
        where = f"Point your router at {facts.target}." if facts.target else NO_ADDRESS
        return f"No stream arrives. {where}", f"No stream arrives. {where}"
    last = facts.report.last_frame if facts.report else None
    age = wording.duration(abs(facts.now - (last or facts.now)))
    return f"The stream stopped {age} ago.", "The stream stopped."


def _engine_note(facts: Facts) -> str:
    if facts.engine in (Engine.LISTENING, Engine.NONE):
        return ""
    if facts.engine is Engine.DEAF:
        return f" {facts.engine_name} does not listen either."
    return f" Whether {facts.engine_name} listens is unknown."


def _engine_trouble(facts: Facts) -> Verdict | None:
    name = facts.engine_name
    if facts.engine is Engine.DEAF:
        return _blind("engine-deaf", f"{name} does not listen: frames are not inspected.")
    if facts.engine is Engine.UNKNOWN:
        text = f"Frames arrive, but whether {name} listens is unknown."
        return Verdict("engine-unknown", Level.WARNING, "Unsure", text, text)
    return None


def _store_trouble(facts: Facts) -> Verdict | None:
    if facts.engine is Engine.NONE:
        return None
    if facts.store is None or facts.alerts is Alerts.ABSENT:
        reason = figureless = "their store does not report"
    elif facts.alerts is Alerts.STALE:
        age = wording.duration(abs(facts.now - facts.store.updated))
        reason, figureless = f"their store last reported {age} ago", "their store does not report"
    elif facts.store.error:
        reason = figureless = facts.store.error
    else:
        return None
    start = f"{facts.engine_name} listens, but new alerts do not show:"
    return Verdict(
        f"alerts-{facts.alerts.value}",
        Level.ERROR,
        "Not recording",
        f"{start} {reason}.",
        f"{start} {figureless}.",
    )


def _watching(facts: Facts) -> Verdict:
    flow, listens = _flow(facts), f"{facts.engine_name} listens."
    name, word = "watching", "Watching"
    if facts.engine is Engine.NONE:
        listens = "captures only: this sensor has no engine."
        name, word = "capturing", "Capturing"
    if not facts.losses:
        return Verdict(name, Level.OK, word, f"{flow}; {listens}", f"Frames arrive; {listens}")
    lost = wording.rate(sum(facts.losses.values()))
    reasons = wording.enumerate_words([wording.reason(code) for code in facts.losses])
    return Verdict(
        f"{name}-with-losses",
        Level.WARNING,
        f"{word}, with losses",
        f"{flow}; {listens} {lost} a second are lost: {reasons}.",
        f"Frames arrive; {listens} Some are lost: {reasons}.",
    )


def _flow(facts: Facts) -> str:
    senders = list(facts.rates.sources)
    origin = f"from {senders[0]}" if len(senders) == 1 else f"from {len(senders)} routers"
    if not facts.rates.frames:
        return "Frames arrive"
    return f"{wording.rate(facts.rates.frames)} frames a second {origin if senders else ''}".strip()


def _blind(name: str, sentence: str, announcement: str | None = None) -> Verdict:
    return Verdict(name, Level.ERROR, "Not watching", sentence, announcement or sentence)
