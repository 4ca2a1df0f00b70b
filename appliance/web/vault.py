# SPDX-License-Identifier: MIT
"""The page's secrets on disk: the hash of the password, the key of the sessions, the token.

Each is a file of its own, readable by the page (and root) alone, and there whole or not at all
whenever the power goes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from pathlib import Path

from appliance import files

log = logging.getLogger(__name__)

DIRECTORY = Path(os.environ.get("GLOVEBOX_WEB_STATE", "/var/lib/glovebox/web"))
PASSWORD, KEY, TOKEN = "password", "session-key", "token"
LARGEST = 4096
MODE = 0o600


class Vault:
    """Keeps the secrets in `directory`, which is made where that is possible."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self.directory = directory
        with contextlib.suppress(OSError):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def password_hash(self) -> str | None:
        """Return the hash of the password; None while none is set. Raises OSError."""
        return self._read(PASSWORD)

    def set_password_hash(self, value: str) -> None:
        """Keep the hash of the first password. Raises FileExistsError if one is set, OSError."""
        files.create_durable(self.directory / PASSWORD, value + "\n", MODE)

    def replace_password_hash(self, value: str) -> None:
        """Keep the hash of another password. Raises OSError."""
        files.write_durable(self.directory / PASSWORD, value + "\n", MODE)

    def session_key(self) -> str:
        """Return the key that signs the sessions; made at the first call."""
        return self._made_once(KEY)

    def renew_session_key(self) -> str:
        """Return a new key: every session signed with the old one is over."""
        key = secrets.token_urlsafe(32)
        try:
            files.write_durable(self.directory / KEY, key + "\n", MODE)
        except OSError as error:
            log.warning("a new key of the sessions holds until the next start only: %s", error)
        return key

    def token(self) -> str:
        """Return the token of programs; made at the first call."""
        return self._made_once(TOKEN)

    def _made_once(self, name: str) -> str:
        made = secrets.token_urlsafe(32)
        try:
            with contextlib.suppress(FileExistsError):
                files.create_durable(self.directory / name, made + "\n", MODE)
            return self._read(name) or made
        except OSError as error:
            # The page goes on: what is lost is only that the next start makes another one.
            log.warning("%s is kept in memory only: %s", name, error)
            return made

    def _read(self, name: str) -> str | None:
        try:
            with (self.directory / name).open("rb") as stream:
                return stream.read(LARGEST).decode(errors="replace").strip()
        except FileNotFoundError:
            return None
