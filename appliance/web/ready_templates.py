# SPDX-License-Identifier: MIT
"""Templates that were compiled where the image was built: no visitor waits for it, and no start.

All of them take half a second of a PC's processor, many times that of a slow board, and 4 MB.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from flask import Flask
from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache

from appliance import words
from appliance.reports.outcomes import words_of
from appliance.web import wording

FILTERS = (
    words.number,
    words.counted,
    words.rate,
    wording.size,
    words.duration,
    words_of,
    wording.shade,
    wording.explanation,
    wording.priority,
    wording.endpoint,
    words.utc,
    wording.readable_utc,
)
FOLDER = Path("/usr/share/glovebox/templates")


class ReadyTemplates(BytecodeCache):
    """Hands out what is there; what is not, or is of another text or Python, is compiled anew."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Return the name of a template's file, wherever its text lies."""
        return f"{name}.code"

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket, where its file is there."""
        with contextlib.suppress(OSError), self._path(bucket).open("rb") as stream:
            bucket.load_bytecode(stream)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep nothing: an image is never written."""

    def _path(self, bucket: Bucket) -> Path:
        return self._folder / bucket.key


class TemplatesToBe(ReadyTemplates):
    """Compiles every template, and keeps it."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Leave a bucket empty."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write what was compiled. Raises OSError."""
        with self._path(bucket).open("wb") as stream:
            bucket.write_bytecode(stream)


def install(environment: Environment, ready: BytecodeCache | None = None) -> None:
    """Let templates use our filters, and be taken from where they are ready."""
    environment.filters |= {function.__name__: function for function in FILTERS}
    environment.bytecode_cache = ready or ReadyTemplates()


def make(folder: Path) -> int:
    """Compile all templates of the page into a folder; return how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = Flask("appliance.web").jinja_env
    install(environment, TemplatesToBe(folder))
    names = environment.list_templates()
    for name in names:
        environment.get_template(name)
    return len(names)
