# SPDX-License-Identifier: MIT
"""`glovebox flows`: the collector, or, with a word, a question about what it collected.

Each loads only what it needs: the engine that answers would take a third more of the collector's
memory for as long as that runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

_COLLECTOR, _QUESTIONS = "appliance.flows.service", "appliance.questions.flows_command"


def main(argv: Sequence[str]) -> int:
    """Run the collector, or a question where the first word is none of its options."""
    asks = bool(argv) and not argv[0].startswith("-")
    return int(importlib.import_module(_QUESTIONS if asks else _COLLECTOR).main(argv))
