# SPDX-License-Identifier: MIT
"""Writes a repository that any git reads, without git: loose objects, one branch, no work tree.

Source: gitformat-repository, git-hash-object(1), "Git Objects" of the Git book.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from appliance import files
from appliance.errors import InputError

BRANCH = "refs/heads/main"
CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
# What of the histories is in it already.
STATE = "glovebox.json"


@dataclass
class Repository:
    """A bare repository. `files` are what the newest commit holds, by name; methods raise OSError.

    `done` says for each source up to which number it is in.
    """

    folder: Path
    done: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    head: str = ""

    def commit(self, time: float, author: str, message: str) -> None:
        """Write the files as they are now. Whoever is no e-mail address has none."""
        tree = self._tree()
        who = f"{_name(author)} <> {int(time)} +0000"
        parent = f"parent {self.head}\n" if self.head else ""
        text = f"tree {tree}\n{parent}author {who}\ncommitter {who}\n\n{message}\n"
        self.head = self._write("commit", text.encode("utf-8", "replace"))

    def put(self, name: str, content: str) -> None:
        """Have the next commit hold this file."""
        self.files[name] = self._write("blob", content.encode("utf-8", "surrogateescape"))

    def save(self) -> None:
        """Let the branch lead to the newest commit."""
        if self.head:
            _place(self.folder / BRANCH, f"{self.head}\n".encode())
            state = {"done": self.done, "files": self.files, "head": self.head}
            _place(self.folder / STATE, json.dumps(state).encode())

    def _tree(self) -> str:
        entries = sorted((name.encode(), bytes.fromhex(id)) for name, id in self.files.items())
        return self._write("tree", b"".join(b"100644 %b\0%b" % entry for entry in entries))

    def _write(self, kind: str, content: bytes) -> str:
        whole = b"%b %d\0%b" % (kind.encode(), len(content), content)
        id = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        place = self.folder / "objects" / id[:2] / id[2:]
        if not place.exists():
            _place(place, zlib.compress(whole))
        return id


def opened(folder: Path) -> Repository:
    """Open what was written before, or make it. Raises InputError for another's, OSError."""
    if not folder.exists() or not any(folder.iterdir()):
        for name in ("objects", "refs/heads"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        _place(folder / "HEAD", f"ref: {BRANCH}\n".encode())
        _place(folder / "config", CONFIG.encode())
        return Repository(folder)
    try:
        state = json.loads((folder / STATE).read_bytes())
        head = (folder / BRANCH).read_text().strip()
        found = Repository(folder, _numbers(state["done"]), _ids(state["files"]), state["head"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder}: not empty, and not written by this command") from error
    if head != found.head:
        raise InputError(f"{folder}: somebody else has written to its branch main")
    return found


def _numbers(found: Mapping[str, int]) -> dict[str, int]:
    return {str(name): int(number) for name, number in found.items()}


def _ids(found: Mapping[str, str]) -> dict[str, str]:
    return {str(name): bytes.fromhex(id).hex() for name, id in found.items()}


def _name(author: str) -> str:
    return re.sub(r"[<>\x00-\x1f]", "", author).strip(" .,:;'\"") or "unknown"


def _place(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_durable(path, content, 0o644)
