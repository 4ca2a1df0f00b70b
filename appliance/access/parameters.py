# SPDX-License-Identifier: MIT
"""The query of a request, checked: numbers in range, or a 400 that says what was expected."""

from __future__ import annotations

import re
from collections.abc import Collection

from flask import request
from werkzeug.exceptions import BadRequest

LARGEST = (1 << 63) - 1  # what SQLite holds in an integer
WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)


def allow(names: Collection[str]) -> None:
    """Refuse parameters that are not in `names`. Raises BadRequest."""
    for name in request.args:
        if name not in names:
            raise BadRequest(f"No parameter '{name[:32]}'; there are {', '.join(names)}.")


def whole(name: str) -> int | None:
    """Return the parameter as a whole number from 0, or None where it is not given.

    Raises BadRequest.
    """
    text = request.args.get(name)
    if text is None:
        return None
    if not WHOLE.fullmatch(text) or int(text) > LARGEST:
        raise BadRequest(f"{name} = '{text[:32]}': expected a whole number from 0 to {LARGEST}.")
    return int(text)


def text(name: str, most: int) -> str | None:
    """Return the parameter, or None where it is empty or not given. Raises BadRequest."""
    value = request.args.get(name, "").strip()
    if len(value) > most:
        raise BadRequest(f"{name}: expected at most {most} characters.")
    return value or None


def clamped(name: str, default: int, most: int) -> int:
    """Return the parameter brought into 1 to `most`. Raises BadRequest."""
    value = whole(name)
    return default if value is None else max(1, min(value, most))
