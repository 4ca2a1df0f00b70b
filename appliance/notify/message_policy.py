# SPDX-License-Identifier: MIT
"""What is told, and when. Pure: a channel's line and the time in, the next message out.

Of each rule the first alert at once, then a number after 10 minutes, an hour, and a day each. At
most 10 messages an hour and 30 a day, of which faults of the sensor have two for themselves, and
grave alerts three more; what is beyond goes into one digest an hour later. What a channel could not
be told stays until it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from appliance.notify.message_line import (
    FaultSeen,
    FaultStanding,
    MessageDraft,
    MessageLine,
    RuleNews,
    RuleStanding,
)

HOUR_S, DAY_S = 3600.0, 86400.0
SPANS_S = (600.0, HOUR_S, DAY_S)
AN_HOUR, A_DAY, FOR_FAULTS, FOR_GRAVE = 10, 30, 2, 3
#: What lesser alerts leave to others.
KEPT = FOR_FAULTS + FOR_GRAVE
# Where the messages of the day are used up, a digest comes less often.
DIGEST_S, RARE_DIGEST_S = HOUR_S, 6 * HOUR_S
# So many rules at once are one message and not many; so long a channel must have been away.
MANY, AWAY_S = 20, 600.0
MOST_RULES = 500
RECOVERY_S, AGAIN_S = 60.0, 600.0
# Within this all messages that may be sent at a moment have been sent.
GRACE_S = 300.0
FIRST_RETRY_S, LONGEST_RETRY_S = 30.0, 900.0
GRAVE = 1


def heard(line: MessageLine, news: Iterable[RuleNews], now: float) -> MessageLine:
    """Return the line with what came. Nothing is dropped: what finds no room is counted."""
    rules, beyond, total = dict(line.rules), line.beyond, line.heard
    for each in news:
        total += each.count
        before = rules.get(each.rule)
        if before is None and len(rules) >= MOST_RULES and not _made_room(rules):
            beyond += each.count
            continue
        rules[each.rule] = _joined(before, each, now)
    return replace(line, rules=rules, beyond=beyond, heard=total)


def _made_room(rules: dict[str, RuleStanding]) -> bool:
    """Forget the rule that was silent longest; tell whether there was one with nothing to tell."""
    idle = [name for name, each in rules.items() if not each.waiting]
    if idle:
        del rules[min(idle, key=lambda name: rules[name].last)]
    return bool(idle)


def _joined(before: RuleStanding | None, news: RuleNews, now: float) -> RuleStanding:
    silent = before is not None and not before.waiting and now - before.last > DAY_S
    if before is None or (silent and before.due <= now):
        return RuleStanding(news.text, news.priority, news.count, now, news.first, news.last,
                            0, news.source, news.destination)  # fmt: skip
    return replace(
        before,
        text=news.text,
        priority=news.priority,
        waiting=before.waiting + news.count,
        due=before.due if before.waiting else max(before.due, now),
        first=before.first if before.waiting else news.first,
        last=max(before.last, news.last),
        source=news.source or before.source,
        destination=news.destination or before.destination,
    )


def with_faults(line: MessageLine, seen: Mapping[str, FaultSeen], now: float) -> MessageLine:
    """Return the line with the faults that there are now."""
    found: dict[str, FaultStanding] = {}
    for name, fault in seen.items():
        before = line.faults.get(name)
        if before is None or (before.gone and not before.told):
            wait = before.not_before if before is not None else 0.0
            found[name] = FaultStanding(fault.words, fault.hold_s, now, not_before=wait)
        else:
            found[name] = replace(before, words=fault.words, gone=0.0)
    for name, before in line.faults.items():
        if name not in seen and (before.told or before.not_before > now):
            found[name] = replace(before, gone=before.gone or now)
    return replace(line, faults=found)


def next_message(line: MessageLine, now: float, is_quiet: bool = False) -> MessageDraft | None:
    """Return what is to be told now, None for nothing; in quiet hours faults and the gravest alone.

    It stays in the line until `delivered`.
    """
    if now < line.retry <= now + LONGEST_RETRY_S:
        return None
    return _faults(line, now) or _alerts(line, now, is_quiet)


def _faults(line: MessageLine, now: float) -> MessageDraft | None:
    new = tuple(name for name, each in line.faults.items() if _is_new(each, now))
    over = tuple(name for name, each in line.faults.items() if _is_over(each, now))
    if not (new or over) or not _has_room(line, now, 0):
        return None
    return MessageDraft(faults=new, recovered=over)


def _is_new(fault: FaultStanding, now: float) -> bool:
    lasts = not fault.gone and _since(fault.since, now) >= fault.hold_s
    return lasts and not fault.told and fault.not_before <= now


def _is_over(fault: FaultStanding, now: float) -> bool:
    return fault.told and fault.gone > 0 and _since(fault.gone, now) >= RECOVERY_S


def _alerts(line: MessageLine, now: float, is_quiet: bool) -> MessageDraft | None:
    due = {
        name: each
        for name, each in line.rules.items()
        if each.waiting
        and (each.due <= now or each.due > now + DAY_S)
        and (each.priority <= GRAVE or not is_quiet)
    }
    if not due and (not line.beyond or is_quiet):
        return None
    late = line.failures > 0 and _since(line.away_since, now) > AWAY_S
    grave = {name: each for name, each in due.items() if each.priority <= GRAVE}
    if not late and (one := _single(line, grave, now, FOR_FAULTS)):
        return one
    held_since = _held_since(due)
    if _was_full(line, held_since, now, KEPT):
        return _digest(line) if _is_digest_due(line, held_since, now) else None
    many = len(due) > MANY and _has_room(line, now, KEPT)
    if (late or many) and _since(line.digest, now) >= DIGEST_S:
        return _digest(line)
    if one := _single(line, due, now, KEPT):
        return one
    return _digest(line) if _is_digest_due(line, held_since, now) else None


def _single(
    line: MessageLine, due: Mapping[str, RuleStanding], now: float, kept: int
) -> MessageDraft | None:
    """Return the message of the gravest of some rules, where they are few and there is room."""
    few = len(due) <= MANY or _since(line.digest, now) < DIGEST_S
    is_held = _was_full(line, _held_since(due), now, kept)
    if not due or not few or is_held or not _has_room(line, now, kept):
        return None
    name = min(due, key=lambda each: (due[each].priority, due[each].due))
    return MessageDraft(counts={name: due[name].waiting})


def _held_since(due: Mapping[str, RuleStanding]) -> float:
    return min((each.due for each in due.values()), default=0.0)


def _was_full(line: MessageLine, held_since: float, now: float, kept: int) -> bool:
    """Tell whether what is due since then found no room: all of it goes into the digest."""
    then = held_since + GRACE_S
    return now > then and not line.failures and not _has_room(line, then, kept)


def _is_digest_due(line: MessageLine, held_since: float, now: float) -> bool:
    is_rare = _of(line, now, DAY_S) >= A_DAY - KEPT
    period = RARE_DIGEST_S if is_rare else DIGEST_S
    return _since(max(held_since, line.digest), now) >= period


def _digest(line: MessageLine) -> MessageDraft:
    counts = {name: each.waiting for name, each in line.rules.items() if each.waiting}
    return MessageDraft(is_digest=True, counts=counts, beyond=line.beyond)


def _has_room(line: MessageLine, now: float, kept: int) -> bool:
    hour, day = _of(line, now, HOUR_S), _of(line, now, DAY_S)
    return hour < AN_HOUR - kept and day < A_DAY - kept


def _of(line: MessageLine, now: float, seconds: float) -> int:
    return sum(_since(at, now) < seconds for at in line.sent)


def _since(moment: float, now: float) -> float:
    """Return how long ago it was; what lies ahead was written with a clock that was not set."""
    return now - moment if moment <= now else float("inf")


def delivered(line: MessageLine, draft: MessageDraft, now: float) -> MessageLine:
    """Return the line after the message arrived: what came meanwhile still waits."""
    rules = {
        name: _told(each, draft.counts[name], now) if name in draft.counts else each
        for name, each in line.rules.items()
    }
    faults = {name: _fault_told(name, each, draft, now) for name, each in line.faults.items()}
    sent = tuple(at for at in line.sent if _since(at, now) < DAY_S)
    return replace(
        line,
        rules=rules,
        beyond=line.beyond - draft.beyond,
        told=line.told + draft.alerts,
        sent=sent if draft.is_digest else (*sent, now),
        digest=now if draft.is_digest else line.digest,
        faults=faults,
        failures=0,
        away_since=0.0,
        retry=0.0,
        trouble="",
    )


def _told(rule: RuleStanding, count: int, now: float) -> RuleStanding:
    span = SPANS_S[min(rule.step, len(SPANS_S) - 1)]
    return replace(rule, waiting=rule.waiting - count, step=rule.step + 1, due=now + span,
                   first=rule.last)  # fmt: skip


def _fault_told(name: str, fault: FaultStanding, draft: MessageDraft, now: float) -> FaultStanding:
    if name in draft.faults:
        return replace(fault, told=True)
    if name in draft.recovered:
        return replace(fault, told=False, not_before=now + AGAIN_S)
    return fault


def failed(line: MessageLine, why: str, now: float) -> MessageLine:
    """Return the line after a message did not arrive: it is tried again, less and less often."""
    wait = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(line.failures, 10))
    return replace(
        line,
        failures=line.failures + 1,
        away_since=line.away_since or now,
        retry=now + wait,
        trouble=why,
    )


def at_once(line: MessageLine) -> MessageLine:
    """Return the line so that the next try is now: the network came, or is another."""
    return replace(line, retry=0.0)
