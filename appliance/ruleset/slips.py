# SPDX-License-Identifier: MIT
"""Slips of the pen in rules, for which engines have no word, or a misleading one. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network

from appliance.ids.rules import Rule, RuleError

# Ends of lines of other systems and word processors, with another rule behind them.
_JOINED = re.compile(r"[\r\x85\u2028\u2029]\s*(?:alert|drop|pass|log|reject|suppress|#)")
_TEXT_THEN_MORE = re.compile(r'"(?:[^"\\]|\\.)*"\s+[A-Za-z_.]+\s*(?::.*)?', re.DOTALL)
_NO_COLON = re.compile(r"(sid|rev|gid|msg|content|classtype|reference|flow|priority)\s+\S.*")
_NUMBERS = re.compile(r"([0-9]{1,10}):([0-9]{1,10})(?:\s.*)?", re.ASCII)


def check_line(line: str, tabs: bool) -> None:
    """Look at a line before it is taken apart. Raises RuleError.

    `tabs`: the engine takes one before the options.
    """
    if _JOINED.search(line):
        raise RuleError("two rules on one line; put the second on a line of its own")
    header, bracket, _ = line.partition("(")
    if bracket and header and not header[-1].isspace():
        raise RuleError("a blank is missing before the (")
    if bracket and header.endswith("\t") and not tabs:
        raise RuleError("a tab before the (; write a blank there")


def check_options(rule: Rule) -> None:
    """Look at the options of a rule. Raises RuleError."""
    for keyword, value in rule.options:
        if not keyword.isascii():
            raise RuleError("a letter or blank before the name of an option that is no plain one")
        if found := _NO_COLON.fullmatch(keyword):
            raise RuleError(f"'{keyword[:40]}': write {found[1]}: with a colon")
        if keyword.lower() == "msg" and _TEXT_THEN_MORE.fullmatch(value):
            raise RuleError("a ; is missing behind the text of msg")


def instead(line: str) -> str | None:
    """Say what a line without (options) is most likely, and where it belongs; or None."""
    return next((words for find in _KINDS if (words := find(line))), None)


def _by_number(line: str) -> str | None:
    if found := _NUMBERS.fullmatch(line):
        return (
            "a number alone is no rule; to silence a rule write"
            f" suppress gen_id {found[1]}, sig_id {found[2]}"
        )
    return None


def _a_limit(line: str) -> str | None:
    if line.lower().startswith("detection_filter"):
        return "detection_filter stands inside of a rule; outside of it, write event_filter"
    return None


def _an_address(line: str) -> str | None:
    try:
        ip_network(line.split("#")[0].split(",")[0].strip(), strict=False)
    except ValueError:
        return None
    return "an address is no rule; lists of addresses belong into the folder intel"


_KINDS: tuple[Callable[[str], str | None], ...] = (_by_number, _a_limit, _an_address)
