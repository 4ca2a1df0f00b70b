# SPDX-License-Identifier: MIT
"""What is kept of each router on DATA: its user's password, its certificate's pin, the set-up.

A folder for each router, of the service that talks to it; the page, by its group, reads them, for
it shows the block that holds the password. The owner's own password is nowhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from appliance import files, shape
from appliance.router import secure_shell
from appliance.router.orders import Order

FOLDER = Path(os.environ.get("GLOVEBOX_ROUTER_DIRECTORY", "/var/lib/glovebox/router"))
LARGEST = 16 << 20
MODE = 0o640

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Secret:
    """The password of Glovebox's user on a router; made here, and nowhere else."""

    password: str


@dataclass(frozen=True, slots=True)
class Pin:
    """The SHA-256 of a router's certificate, in hexadecimal, which its owner has confirmed."""

    sha256: str


@dataclass(frozen=True, slots=True)
class HostKey:
    """A router's SSH host key, `kind base64`, which its owner has confirmed."""

    key: str


@dataclass(frozen=True, slots=True)
class Setup:
    """What was done on a router at `time`, how to undo it, and its export before."""

    time: float
    steps: tuple[str, ...]
    undo: tuple[Order, ...]
    export: str


class Keeping:
    """What is kept of one router. Reading returns None for what is not there or damaged."""

    def __init__(self, name: str, folder: Path = FOLDER) -> None:
        """Take the router's name, as the settings check it."""
        self.folder = folder / name

    def secret(self) -> Secret | None:
        """Return the password."""
        return self._read("secret", Secret)

    def made_secret(self) -> Secret:
        """Return the password; make one where there is none yet. Raises OSError."""
        found = self.secret()
        if found is None:
            # No sign of it means anything to RouterOS' terminal.
            found = Secret(secrets.token_hex(16))
            self._write("secret", found)
        return found

    def pin(self) -> str:
        """Return the pinned certificate, empty where none is."""
        found = self._read("pin", Pin)
        return found.sha256 if found and re.fullmatch("[0-9a-f]{64}", found.sha256) else ""

    def set_pin(self, sha256: str) -> None:
        """Pin a certificate. Raises OSError, and ValueError for what is no SHA-256."""
        found = sha256.lower().replace(":", "")
        if not re.fullmatch("[0-9a-f]{64}", found):
            raise ValueError("a SHA-256 has 64 hexadecimal digits")
        self._write("pin", Pin(found))

    def host_key(self) -> str:
        """Return the SSH host key, empty where none is known."""
        found = self._read("hostkey", HostKey)
        with contextlib.suppress(ValueError):
            return secure_shell.host_key(found.key) if found else ""
        return ""

    def set_host_key(self, key: str) -> None:
        """Keep an SSH host key. Raises OSError, and ValueError for what is none."""
        self._write("hostkey", HostKey(secure_shell.host_key(key)))

    def setup(self) -> Setup | None:
        """Return what was done on the router."""
        return self._read("setup", Setup)

    def set_setup(self, setup: Setup | None) -> None:
        """Note what was done, or that it was undone. Raises OSError."""
        if setup is not None:
            self._write("setup", setup)
            return
        with contextlib.suppress(FileNotFoundError):
            self._file("setup").unlink()
            files.sync(self.folder)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _read(self, name: str, kind: type[T]) -> T | None:
        try:
            with self._file(name).open("rb") as stream:
                return shape.from_json(kind, json.loads(stream.read(LARGEST)))
        except (OSError, ValueError, RecursionError):
            return None

    def _write(self, name: str, value: object) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o750)
            files.sync(self.folder.parent)
        files.write_durable(self._file(name), json.dumps(shape.to_json(value)), MODE)
