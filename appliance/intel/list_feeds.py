# SPDX-License-Identifier: MIT
"""`/feeds/lists/…`: all lists in force for other programs, with an ETag that changes with them."""

from __future__ import annotations

import contextlib
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
    response = Response(_pieces(name, folder, entries), content_type=TEXT)
    response.set_etag(kept_lists.version(folder, [name, *entries]))
    response.make_conditional(request)
    return response


def _pieces(name: str, folder: Path, entries: Sequence[str]) -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        kept = kept_lists.opened(folder, stack)
        clicks = allowed.read(folder).values()
        # A serial for the zone: when the newest was taken.
        serial = int(max((*(each.facts.taken for each in kept), *clicks), default=1.0))
        lists = [ListToTell(each.facts.name, each.told()) for each in kept]
        yield from OUTPUTS[name](lists, allowed_of(entries), serial)
