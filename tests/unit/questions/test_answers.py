# SPDX-License-Identifier: MIT
"""Answers and refusals are light: the page carries them without the engine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from appliance.errors import GloveboxError
from appliance.questions.answers import FlowAnswer, UnansweredError


def test_a_refusal_ends_a_command_with_its_words() -> None:
    assert isinstance(UnansweredError("x"), GloveboxError) and UnansweredError("x").exit_status == 1
    assert FlowAnswer(("a",), ()) == FlowAnswer(("a",), (), False)


@pytest.mark.slow
def test_the_page_loads_neither_numpy_nor_the_engine() -> None:
    code = "import sys, appliance.questions.pages; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "duckdb"} & set(done.stdout.split())
