# SPDX-License-Identifier: MIT
"""The tab of the machine itself in a line. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance import words
from appliance.web.facts import Facts


def line(figures: Mapping[str, Any]) -> str:
    """Say how the newest self-test ended, and how many checks found something."""
    facts: Facts = figures["facts"]
    return f"{_selftest(facts)} {_checks(facts)}"


def _selftest(facts: Facts) -> str:
    test = facts.selftest
    if test is None:
        return "No self-test yet."
    age = words.duration(facts.now - test.time)
    return f"The self-test {'passed' if test.passed else 'failed'} {age} ago."


def _checks(facts: Facts) -> str:
    if not facts.is_supervised:
        return "The supervisor does not report."
    found = len(facts.health.troubles)
    if found:
        return f"{words.counted(found, 'check')} found something."
    return f"{words.counted(len(facts.health.passed), 'check')} passed."
