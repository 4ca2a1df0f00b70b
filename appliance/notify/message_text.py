# SPDX-License-Identifier: MIT
"""From a draft to what people read: a title and a few lines, cleaned. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from appliance import words
from appliance.notify.message_line import MessageDraft, MessageLine, RuleStanding
from appliance.notify.message_policy import GRAVE
from appliance.notify.outgoing_text import cleaned

GRADES = {1: "High", 2: "Medium", 3: "Low"}
# What an old message says: how old it is.
OLD_S = 300.0
MOST_LINES = 20
TITLE = 120


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message as a channel gets it. `is_urgent`: a grave alert, or a fault of the sensor.

    `alerts` is how many alerts it tells of, `kind` "alert", "digest", "fault", "recovered", "test".
    """

    kind: str
    title: str
    text: str
    alerts: int
    is_urgent: bool


def written(
    draft: MessageDraft, line: MessageLine, name: str, now: float, zone: tzinfo
) -> OutgoingMessage:
    """Return the message for a draft; `name` is what the owner calls this sensor."""
    if draft.faults or draft.recovered:
        return _of_faults(draft, line, name)
    if draft.is_digest:
        return _digest(draft, line, name, now, zone)
    (rule, count), *_ = draft.counts.items()
    standing = line.rules[rule]
    grade = GRADES.get(standing.priority, "Low")
    told = f"{words.counted(count, 'time')}{'' if not standing.step else ' more'}"
    lines = [_ends(standing), f"{told}, {_when(standing, count, now, zone)}", f"Rule {rule}"]
    return OutgoingMessage(
        "alert",
        cleaned(f"{name}: {grade}: {cleaned(standing.text)}", TITLE),
        "\n".join(filter(None, lines)),
        draft.alerts,
        standing.priority <= GRAVE,
    )


def _of_faults(draft: MessageDraft, line: MessageLine, name: str) -> OutgoingMessage:
    lines = [f"Fault: {cleaned(line.faults[each].words)}" for each in draft.faults]
    lines += [f"Well again: {cleaned(line.faults[each].words)}" for each in draft.recovered]
    head = "fault" if draft.faults else "well again"
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"and {len(lines) - MOST_LINES} more"]
    kind = "fault" if draft.faults else "recovered"
    title = cleaned(f"{name}: {head}", TITLE)
    return OutgoingMessage(kind, title, "\n".join(lines), 0, bool(draft.faults))


def _digest(
    draft: MessageDraft, line: MessageLine, name: str, now: float, zone: tzinfo
) -> OutgoingMessage:
    told = [(count, line.rules[rule]) for rule, count in draft.counts.items()]
    told.sort(key=lambda each: (each[1].priority, -each[0]))
    title = f"{name}: {words.counted(draft.alerts, 'alert')} of {_rules(len(told))}"
    return OutgoingMessage(
        "digest",
        cleaned(title, TITLE),
        "\n".join(_digest_lines(told, draft.beyond, now, zone)),
        draft.alerts,
        any(each.priority <= GRAVE for _, each in told),
    )


def _rules(count: int) -> str:
    return words.counted(count, "rule")


def _digest_lines(
    told: list[tuple[int, RuleStanding]], beyond: int, now: float, zone: tzinfo
) -> Iterator[str]:
    if told:
        first, last = min(each.first for _, each in told), max(each.last for _, each in told)
        yield f"{_clock(first, now, zone)} to {_clock(last, now, zone)}{_age(last, now)}"
    for count, each in told[:MOST_LINES]:
        grade = GRADES.get(each.priority, "Low")
        yield f"{count:,} × {cleaned(each.text, 100)} ({grade.lower()}) {_ends(each)}".rstrip()
    if rest := told[MOST_LINES:]:
        yield f"{sum(count for count, _ in rest):,} of {_rules(len(rest))} more"
    if beyond:
        yield f"{beyond:,} of rules that found no room here"


def _ends(standing: RuleStanding) -> str:
    ends = [cleaned(each, 60) for each in (standing.source, standing.destination) if each]
    return " to ".join(ends)


def _when(standing: RuleStanding, count: int, now: float, zone: tzinfo) -> str:
    last = _clock(standing.last, now, zone) + _age(standing.last, now)
    return f"at {last}" if count == 1 else f"{_clock(standing.first, now, zone)} to {last}"


def _age(moment: float, now: float) -> str:
    return f" ({words.duration(now - moment)} ago)" if now - moment > OLD_S else ""


def _clock(moment: float, now: float, zone: tzinfo) -> str:
    """Return the time of day; the date too, where it is of another day."""
    then, today = datetime.fromtimestamp(moment, zone), datetime.fromtimestamp(now, zone)
    return then.strftime("%H:%M" if then.date() == today.date() else "%Y-%m-%d %H:%M")
