# SPDX-License-Identifier: MIT
"""`glovebox router history`: what changed on the routers, and when; `--git` for any git to read."""

from __future__ import annotations

import argparse
import heapq
import sys
from collections.abc import Iterator
from pathlib import Path

from appliance import words
from appliance.changes import plaingit, versions
from appliance.changes.diffs import Diff, diff
from appliance.changes.versions import Version, VersionReader
from appliance.errors import InputError
from appliance.router.refusals import plain
from appliance.store.database import StoreError

MOST = 50
NOBODY = "Glovebox"

Found = tuple[float, str, Version, str]


def show(names: list[str], folder: Path) -> int:
    """Print the newest changes of each router, the newest first."""
    for name in names:
        reader = VersionReader(versions.file_of(name, folder))
        for version in reader.versions(MOST):
            texts = reader.texts(version.id)
            print(f"{name}: {heading(version)}")
            sys.stdout.writelines(
                f"    {line}\n" for line in _lines(diff(*texts) if texts else None)
            )
    return 0


def heading(version: Version) -> str:
    """Say when a version came, and by whom."""
    when = words.utc(version.time)
    return f"{when}, {plain(version.who)}" if version.who else f"{when}, seen first"


def write_git(names: list[str], folder: Path, target: Path) -> int:
    """Write what is new of the routers into a repository. Raises InputError, OSError, StoreError.

    Each version is a commit; its author is who changed the router, its date when that was seen.
    """
    repository = plaingit.opened(target)
    count = 0
    for _, name, version, text in heapq.merge(*(_new(n, folder, repository) for n in names)):
        repository.put(f"{name}.rsc", text)
        said = "\n".join(plain(line) for line in version.said)
        message = f"{name}: {'changed' if version.who else 'seen first'}\n\n{said}".strip()
        repository.commit(version.time, plain(version.who) or NOBODY, message)
        repository.done[name] = version.id
        count += 1
    repository.save()
    print(f"{words.counted(count, 'version')} written; the newest is {repository.head or 'none'}.")
    return 0


def _new(name: str, folder: Path, repository: plaingit.Repository) -> Iterator[Found]:
    reader = VersionReader(versions.file_of(name, folder))
    for version, text in reader.after(repository.done.get(name, 0)):
        yield version.time, name, version, text


def _lines(found: Diff | None) -> Iterator[str]:
    for change in found.changes if found else ():
        yield f"{change.sign} {change.line}"
    if found and found.is_cut:
        yield f"… {found.added} lines came and {found.removed} went in all"


def run(arguments: argparse.Namespace, names: list[str]) -> int:
    """Do what the command line asks. Raises InputError, OSError, StoreError."""
    known = [n for n in names if versions.file_of(n, arguments.folder).exists()]
    if not known:
        raise InputError("no router's configuration has been seen yet")
    if arguments.git is not None:
        return write_git(known, arguments.folder, arguments.git)
    try:
        return show(known, arguments.folder)
    except StoreError as error:
        print(f"glovebox router: {error}", file=sys.stderr)
        return 1
