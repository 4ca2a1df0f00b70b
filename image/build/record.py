# SPDX-License-Identifier: MIT
"""The record of a build: which packages, by name, version and checksum, every root is made of.

A record can be the lock of another build: what differs is named, and the build refuses.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import InputError
from image.build.roots import LOCK
from image.command import BuildError

Lock = Mapping[str, Sequence["Package"]]
# How many differences are named before the rest is counted.
NAMED = 20


@dataclass(frozen=True, order=True)
class Package:
    """One Debian package as the signed index of its archive has it; `sha256` in hex."""

    name: str
    version: str
    architecture: str
    sha256: str


def parse(text: str) -> list[Package]:
    """Return the packages of a root's `packages.lock`, one a line, four words each."""
    return [Package(*line.split()) for line in text.splitlines()]


def of_root(root: Path) -> list[Package]:
    """Return the packages of a root: a tar, or a folder. Raises BuildError where it tells none."""
    if root.is_dir():
        return parse((root / LOCK).read_text())
    with tarfile.open(root) as tar:
        for member in tar:
            if member.name.removeprefix("./") == LOCK:
                stream = tar.extractfile(member)
                assert stream is not None
                return parse(stream.read().decode())
    raise BuildError(f"{root.name}: no record of its packages in it")


def of_roots(
    tools: Path, packages: Path, engine: Path | None, lists: Path
) -> dict[str, list[Package]]:
    """Return the packages of all that an image is made of and with; `lists` is a file of them."""
    roots = {"tools": of_root(tools), "system": of_root(packages)}
    roots["lists"] = parse(lists.read_text())
    return {**roots, "engine": of_root(engine)} if engine else roots


def render(build: Mapping[str, str], roots: Lock) -> str:
    """Return the record as JSON: the same text for the same packages."""
    tables = {
        name: [
            {"name": p.name, "version": p.version, "architecture": p.architecture,
             "sha256": p.sha256}
            for p in sorted(packages)
        ]
        for name, packages in roots.items()
    }  # fmt: skip
    return json.dumps({**build, "roots": tables}, indent=1, sort_keys=True) + "\n"


def read(file: Path) -> dict[str, list[Package]]:
    """Return the packages by root of a record written before. Raises InputError."""
    try:
        roots: dict[str, list[dict[str, Any]]] = json.loads(file.read_text())["roots"]
        return {name: [Package(**entry) for entry in table] for name, table in roots.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file}: not the record of a build ({error!r})") from error


def hold(lock: Lock, now: Lock) -> None:
    """Refuse packages that are not those of the lock. Raises BuildError naming each one."""
    found = list(drift(lock, now))
    if found:
        rest = [f"and {len(found) - NAMED} more"] if len(found) > NAMED else []
        lines = "\n  ".join([*found[:NAMED], *rest])
        raise BuildError(f"the archives no longer have what the lock says:\n  {lines}")


def drift(lock: Lock, now: Lock) -> Iterator[str]:
    """Yield a line for every package in which two builds differ."""
    for root in sorted({*lock, *now}):
        locked, present = (_by_name(side.get(root, ())) for side in (lock, now))
        for key in sorted({*locked, *present}):
            before, after = locked.get(key), present.get(key)
            if before != after:
                now_told = _told(after, before)
                yield f"{root}: {' '.join(key)}: {_told(before)} in the lock, {now_told} now"


def _by_name(packages: Sequence[Package]) -> dict[tuple[str, str], Package]:
    return {(package.name, package.architecture): package for package in packages}


def _told(package: Package | None, other: Package | None = None) -> str:
    if package is None:
        return "not there"
    if other is not None and other.version == package.version:
        return f"{package.version} with another content"
    return package.version
