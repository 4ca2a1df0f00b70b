# SPDX-License-Identifier: MIT
"""`/feeds/lists/…`: all lists in force for other programs, with an ETag that changes with them."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from flask import Response, request
from werkzeug.exceptions import NotFound

from appliance.intel import allowed, kept_lists
from appliance.intel.allowed import allowed_of
from appliance.intel.list_outputs import OUTPUTS, ListToTell

TEXT = "text/plain; charset=utf-8"


def answer_feed(name: str, folder: Path, allow: Sequence[str]) -> Response:
    """Return all lists in one form, without what is allowed. Raises NotFound."""
    if name not in OUTPUTS:
        raise NotFound("There are " + ", ".join(OUTPUTS) + ".")
    entries = [*allow, *allowed.read(folder)]
    tag, serial = _version(folder, [name, *entries])
    response = Response(_pieces(name, folder, entries, serial), content_type=TEXT)
    response.set_etag(tag)
    response.make_conditional(request)
    return response


def _version(folder: Path, more: Sequence[str]) -> tuple[str, int]:
    """Return what changes with the lists, and when the newest was taken."""
    with contextlib.ExitStack() as stack:
        facts = [each.facts for each in kept_lists.opened(folder, stack)]
    clicks = allowed.read(folder).values()
    serial = int(max((*(each.taken for each in facts), *clicks), default=1.0))
    told = [f"{each.name} {each.digest}" for each in facts]
    return hashlib.sha256("\n".join([*told, *more]).encode()).hexdigest()[:32], serial


def _pieces(name: str, folder: Path, entries: Sequence[str], serial: int) -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        kept = kept_lists.opened(folder, stack)
        lists = [ListToTell(each.facts.name, each.told()) for each in kept]
        yield from OUTPUTS[name](lists, allowed_of(entries), serial)
