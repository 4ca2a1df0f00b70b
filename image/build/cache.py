# SPDX-License-Identifier: MIT
"""Stages of a build, each kept under `build/` by what went into it.

An artefact is made beside its final name and renamed into place when it is whole: a build that is
cut off leaves nothing that a later one could take for finished.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from image.progress import StageProgress

Input = str | Path


@dataclass(frozen=True)
class Cache:
    """Artefacts in one folder, a stage's newest only."""

    folder: Path
    progress: StageProgress

    def stage(
        self, name: str, suffix: str, inputs: Sequence[Input], make: Callable[[Path], None]
    ) -> Path:
        """Return the artefact of stage `name`, made by `make(path)` where it is not there yet.

        `inputs` are texts, files and folders; a change in any of them makes the stage anew.
        """
        artefact = self.folder / f"{name}-{fingerprint(inputs)[:16]}{suffix}"
        with self._one_at_a_time(name):
            self._make(artefact, name, suffix, make)
        return artefact

    @contextmanager
    def _one_at_a_time(self, name: str) -> Iterator[None]:
        """Hold a stage: who builds another board waits for what both need, and no longer."""
        with (self.folder.parent / f".{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make(self, artefact: Path, name: str, suffix: str, make: Callable[[Path], None]) -> None:
        if artefact.exists():
            self.progress.kept(name)
            return
        with self.progress.stage(name):
            partial = artefact.with_name(f".{artefact.name}.partial")
            discard(partial)
            make(partial)
            os.replace(partial, artefact)
        self._discard_older(name, suffix, artefact)

    def _discard_older(self, name: str, suffix: str, newest: Path) -> None:
        hash_pattern = "[0-9a-f]" * 16
        for path in self.folder.glob(f"{name}-{hash_pattern}{suffix}"):
            if path != newest:
                discard(path)
        for path in self.folder.glob(f".{name}-{hash_pattern}{suffix}.partial"):
            discard(path)


def fingerprint(inputs: Sequence[Input]) -> str:
    """Return the SHA-256 (hex) over texts, and over the names, modes and contents of files."""
    digest = hashlib.sha256()
    for entry in inputs:
        for part in _parts(entry):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _parts(entry: Input) -> Iterator[bytes]:
    if isinstance(entry, str):
        yield entry.encode()
        return
    files = [entry] if entry.is_file() else sorted(walk(entry))
    for file in files:
        executable = os.access(file, os.X_OK)
        yield f"{file.relative_to(entry)} {executable}".encode()
        yield file.read_bytes()


def walk(folder: Path) -> Iterator[Path]:
    """Yield the files below `folder` that belong to the project, byte code left out."""
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def discard(path: Path) -> None:
    """Remove a file or a whole folder; nothing there is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
