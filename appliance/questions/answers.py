# SPDX-License-Identifier: MIT
"""What comes of a question: rows, or why there are none. Needs nothing heavy: the page has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.errors import GloveboxError

NARROW = "Ask for less: a shorter time, one host, fewer columns to group by."


class UnansweredError(GloveboxError):
    """A question that is not answered; the message says why, and what would help."""


@dataclass(frozen=True)
class FlowAnswer:
    """Names of columns, and rows; `cut` tells that there were more rows than are given."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    cut: bool = False
