# SPDX-License-Identifier: MIT
"""One answer of OTX's API, and the lines that are kept of it; pure.

Three answers have the same frame (`results`, `count`, `next`): subscribed pulses with their
indicators, the indicators of one pulse, and the export, which does not tell of which pulse they
are. Kept of each pulse is a line with its name, and a line for each indicator that may become an
entry; whether it does, the reader of lists says. Nothing is followed that a page names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from appliance.errors import DecodeError
from appliance.formats.bad_lists import plainly

# Of these an entry may be made (OTX's API, types of indicators).
KINDS = ("domain", "hostname", "IPv4", "IPv6", "CIDR")
# What each pulse begins with in a file of lines, and the line of an unknown one.
HEAD = b'{"pulse":"'
UNKNOWN = HEAD + b'"}\n'
_ID = re.compile(r"[0-9a-f]{24}")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class PulsePage:
    """What a page holds: its lines, how many results they are of, and whether it is the last.

    `count` is how many there are, as the server says. `more` are the first lines of pulses that
    have more indicators than the page.
    """

    lines: bytes
    results: int
    count: int
    last: bool
    more: tuple[str, ...] = ()


def read_page(content: bytes, head: bytes = UNKNOWN) -> PulsePage:
    """Read an answer; indicators without their pulse are of that with the line `head`.

    Raises DecodeError.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise DecodeError("its answer is not JSON") from None
    results = found.get("results") if isinstance(found, dict) else None
    if not isinstance(results, list):
        raise DecodeError("its answer holds no pulses")
    items = [each for each in results if isinstance(each, dict)]
    pulses = [each for each in items if _is_pulse(each)]
    alone = b"".join(_indicators(items))
    lines = b"".join(map(_pulse, pulses)) + (head + alone if alone else b"")
    more = tuple(_head(each).decode() for each in pulses if each.get("more_indicators") is True)
    count = found.get("count")
    last = not found.get("next") or not results
    return PulsePage(lines, len(results), count if type(count) is int else 0, last, more)


def pulse_of(line: bytes) -> bytes | None:
    """Return which pulse begins with a line of the file, empty for an unknown; None: none does."""
    return line[len(HEAD) :].partition(b'"')[0] if line.startswith(HEAD) else None


def _is_pulse(item: Mapping[str, object]) -> bool:
    name = item.get("id")
    return isinstance(name, str) and bool(_ID.fullmatch(name)) and "indicator" not in item


def _pulse(item: Mapping[str, object]) -> bytes:
    indicators = item.get("indicators")
    held = indicators if isinstance(indicators, list) else []
    return _head(item) + b"".join(_indicators(held))


def _head(item: Mapping[str, object]) -> bytes:
    return _line(
        {
            "pulse": item["id"],
            "name": plainly(item.get("name")) or "a pulse without a name",
            "author": plainly(item.get("author_name")),
            "modified": plainly(item.get("modified")),
        }
    )


def _indicators(items: Sequence[object]) -> Iterator[bytes]:
    for each in items:
        if isinstance(each, dict) and each.get("type") in KINDS:
            value = each.get("indicator")
            told: dict[str, object] = {"indicator": None, "type": each["type"]}
            if isinstance(value, str):
                told["indicator"] = value[:_LONGEST]
            if isinstance(each.get("expiration"), str):
                told["expiration"] = plainly(each["expiration"])
            if not each.get("is_active", 1):
                told["is_active"] = 0
            yield _line(told)


def _line(told: Mapping[str, object]) -> bytes:
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"
