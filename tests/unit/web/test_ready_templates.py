# SPDX-License-Identifier: MIT
"""Templates that are ready are not compiled; what is of another text, damaged or missing is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader
from jinja2.bccache import BytecodeCache

from appliance.web import ready_templates
from appliance.web.ready_templates import FILTERS, ReadyTemplates, TemplatesToBe

NAME = "a.html"


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / NAME).write_text("{{ 12345 | number }} of {{ name }}")
    return folder


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Return the names of templates that are compiled from now on."""
    names: list[str | None] = []
    true = Environment._generate

    def generate(
        self: Environment, source: Any, name: str | None, filename: str | None, defer_init: bool
    ) -> str:
        names.append(name)
        return true(self, source, name, filename, defer_init)

    monkeypatch.setattr(Environment, "_generate", generate)
    return names


def shown(texts: Path, cache: BytecodeCache) -> str:
    environment = Environment(loader=FileSystemLoader(texts), autoescape=True)
    ready_templates.install(environment, cache)
    return environment.get_template(NAME).render(name="<b>")


def test_what_is_ready_is_not_compiled(
    texts: Path, tmp_path: Path, compiled: list[str | None]
) -> None:
    assert shown(texts, TemplatesToBe(tmp_path)) == "12,345 of &lt;b&gt;"
    assert compiled == [NAME]
    assert shown(texts, ReadyTemplates(tmp_path)) == "12,345 of &lt;b&gt;"
    assert compiled == [NAME]


@pytest.mark.parametrize("fault", ["another text", "cut off", "not there", "of another Python"])
def test_what_does_not_fit_is_compiled(
    texts: Path, tmp_path: Path, compiled: list[str | None], fault: str
) -> None:
    shown(texts, TemplatesToBe(tmp_path))
    (file,) = tmp_path.glob("*.code")
    content = file.read_bytes()
    if fault == "another text":
        (texts / NAME).write_text("{{ 12345 | number }} of {{ name }}.")
    elif fault == "cut off":
        file.write_bytes(content[: len(content) // 2])
    elif fault == "of another Python":
        file.write_bytes(b"j2" + content[2:][::-1])
    else:
        file.unlink()
    there = file.read_bytes() if file.exists() else None
    assert shown(texts, ReadyTemplates(tmp_path)).startswith("12,345 of &lt;b&gt;")
    assert compiled == [NAME, NAME]
    assert (file.read_bytes() if file.exists() else None) == there, "nothing is written"


@pytest.mark.slow
def test_all_templates_of_the_page_are_made_ready(
    tmp_path: Path, compiled: list[str | None]
) -> None:
    count = ready_templates.make(tmp_path / "made")
    texts = Path(ready_templates.__file__).with_name("templates")
    assert count == len(list(texts.rglob("*.html"))) == len(list((tmp_path / "made").iterdir()))
    assert count == len(compiled) > 60 and len(FILTERS) > 10
