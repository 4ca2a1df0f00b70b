# SPDX-License-Identifier: MIT
from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import PROJECT

# Each in a Python of its own: here all of these are loaded.
BEGIN = "import sys\nfrom appliance import spared\nspared.install()\n"


def said(program: str) -> str:
    """Return what Python prints of a program that begins with what is spared."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_a_service_never_loads_what_it_is_spared() -> None:
    program = "import appliance.service, appliance.settings.config as config\nconfig.load()\n"
    shown = "print([name for name in spared.SPARED if '__file__' in vars(sys.modules[name])])"
    # The device has 3.13; `inspect` of 3.11 asks at once.
    assert said(program + shown) == ("[]" if sys.version_info >= (3, 13) else "['ast']")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("import ast\nprint(ast.literal_eval('[1, 2]'))", "[1, 2]"),
        ("from ast import parse\nprint(parse('1').body[0].value.value)", "1"),
        ("import tokenize, io\nprint(tokenize.detect_encoding(io.BytesIO(b'1').readline)[0])",
         "utf-8"),
        ("import inspect, textwrap\nprint(inspect.getsource(textwrap.dedent)[:10])", "def dedent"),
        ("import ast\nprint(hasattr(ast, 'no_such_thing'), ast.parse.__module__)", "False ast"),
        ("import ast\nast.walk\nimport ast as again\nprint(isinstance(ast.parse('1'), again.AST))",
         "True"),
    ],
)  # fmt: skip
def test_who_asks_gets_the_real_thing(program: str, shown: str) -> None:
    assert said(program) == shown


@pytest.mark.slow
def test_what_is_loaded_stays() -> None:
    program = "before = sys.modules['json']\nspared.install(('json',))\n"
    assert said("import json\n" + program + "print(sys.modules['json'] is before)") == "True"
