# SPDX-License-Identifier: MIT
"""`glovebox flows` loads what it needs, and nothing of the other half."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from appliance.questions.flows_words import main

ASKED = """
import sys
from appliance import cli
try:
    cli.main(sys.argv[1:])
except SystemExit:
    pass
print(*(name for name in ("duckdb", "appliance.flows.service") if name in sys.modules), sep=",")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "loaded"),
    [
        (("flows", "--help"), "appliance.flows.service"),
        (("flows", "filter", "--help"), "duckdb"),
        (("flows", "top", "--help"), "duckdb"),
    ],
)
def test_each_half_loads_only_its_own(words: tuple[str, ...], loaded: str) -> None:
    argv = [sys.executable, "-c", ASKED, *words]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[-1] == loaded and lines[0].startswith("usage: glovebox flows")


def _told(seen: list[list[str]], name: str) -> Callable[[list[str]], int]:
    def main_of(argv: list[str]) -> int:
        seen.append([name, *argv])
        return 0

    return main_of


def test_no_word_is_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    for name in ("appliance.flows.service", "appliance.questions.flows_command"):
        told = name.rpartition(".")[2]
        monkeypatch.setattr(f"{name}.main", _told(seen, told))
    assert main([]) == main(["--listen", "2055"]) == main(["top"]) == 0
    assert seen == [["service"], ["service", "--listen", "2055"], ["flows_command", "top"]]
