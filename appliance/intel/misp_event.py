# SPDX-License-Identifier: MIT
"""An event of MISP as a list: what MISP's feeds hand out, a JSON file an event; pure.

The form is MISP's core format: `Event` with `info`, `Orgc`, `date`, attributes, and objects that
have attributes of their own. Only those count that MISP itself would give to a sensor (`to_ids`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from appliance.formats.bad_lists import NoListError, plainly

LARGEST = 4 << 20
# Where the word that tells it from other JSON has to stand.
_HEAD = 512
# Types of attributes, and what each part between "|" is.
_KINDS = {
    "domain": ("domain",), "hostname": ("hostname",), "ip-src": ("IPv4",), "ip-dst": ("IPv4",),
    "ip-src|port": ("IPv4", ""), "ip-dst|port": ("IPv4", ""), "hostname|port": ("hostname", ""),
    "domain|ip": ("domain", "IPv4"),
}  # fmt: skip


def is_event(beginning: bytes) -> bool:
    """Tell an event by the beginning of its file."""
    start = beginning[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"{") and b'"Event"' in start


def event_lines(content: bytes) -> Iterator[bytes]:
    """Yield the lines of a list that an event is. Raises NoListError."""
    try:
        event = json.loads(content)["Event"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NoListError("an event of MISP that is cut off, or none") from None
    if not isinstance(event, dict):
        raise NoListError("an event of MISP that holds nothing")
    yield _line(_head(event))
    for each in _attributes(event):
        yield from map(_line, _indicators(each))


def _head(event: Mapping[str, object]) -> Mapping[str, object]:
    maker = event.get("Orgc")
    return {
        "pulse": "",
        "name": plainly(event.get("info")) or "an event of MISP",
        "author": plainly(maker.get("name")) if isinstance(maker, dict) else "",
        "modified": "",
        "day": plainly(event.get("date")),
    }


def _attributes(event: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    objects = event.get("Object")
    holders = [event, *(objects if isinstance(objects, list) else ())]
    for holder in holders:
        held = holder.get("Attribute") if isinstance(holder, dict) else None
        found = held if isinstance(held, list) else ()
        yield from (each for each in found if isinstance(each, dict))


def _indicators(attribute: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    kinds, value = _KINDS.get(str(attribute.get("type"))), attribute.get("value")
    if kinds is None or attribute.get("to_ids") is not True or attribute.get("deleted") is True:
        return
    parts = value.split("|") if isinstance(value, str) else [value]
    for kind, part in zip(kinds, parts, strict=False):
        if kind:
            yield {"indicator": part, "type": kind}


def _line(told: Mapping[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
