# SPDX-License-Identifier: MIT
"""The page's secrets on disk: the hash of the password, keys of sessions and browsers, the token.

Each is a file of its own, readable by the page (and root) alone, and there whole or not at all
whenever the power goes.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
from pathlib import Path

from appliance import files

log = logging.getLogger(__name__)

DIRECTORY = Path(os.environ.get("GLOVEBOX_WEB_STATE", "/var/lib/glovebox/web"))
PASSWORD, KEY, TOKEN = "password", "session-key", "token"
BROWSERS, BOUND, ENTRIES = "browser-key", "bound-to", "log-ins.json"
ERASURE = "erase"
UNSET = hashlib.sha256(b"").hexdigest()
LARGEST = 32768
MODE = 0o600


class Vault:
    """Keeps the secrets in `directory`, which is made where that is possible."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self.directory = directory
        self._in_memory: dict[str, str] = {}
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
        return self._renewed(KEY)

    def browser_key(self) -> str:
        """Return the key that signs the cookies of known browsers; made at the first call."""
        return self._made_once(BROWSERS)

    def bind(self, password_hash: str) -> bool:
        """Bind sessions, browsers and the token to a password; tell whether there was another.

        With another one all of them are made anew. The binding is written last, so that after a
        power cut in between the next start does it again.
        """
        wanted = hashlib.sha256(password_hash.encode()).hexdigest()
        known = None
        try:
            known = self._read(BOUND)
            if known == wanted:
                return False
            # Images of before bound nothing, but ended everything where the page changed it.
            is_of_before = known is None and self._read(PASSWORD) == password_hash
            # Without a password nobody was in, and the token is for programs of the owner's.
            if known != UNSET and not is_of_before:
                self._renewed(KEY)
                self._renewed(BROWSERS)
            if known not in (None, UNSET):
                self._renewed(TOKEN)
            files.write_durable(self.directory / BOUND, wanted + "\n", MODE)
        except OSError as error:
            log.warning("what was bound to the password before is not known: %s", error)
        return known not in (None, UNSET)

    def entries(self) -> str | None:
        """Return the list of log-ins as it was kept; None where there is none."""
        try:
            return self._read(ENTRIES)
        except OSError:
            return None

    def keep_entries(self, text: str) -> None:
        """Keep the list of log-ins. Raises OSError."""
        files.write_durable(self.directory / ENTRIES, text + "\n", MODE)

    def token(self) -> str:
        """Return the token of programs; made at the first call."""
        return self._made_once(TOKEN)

    def note_erasure(self, what: str) -> None:
        """Leave a note for the next start, which deletes `what`. Raises OSError."""
        files.write_durable(self.directory / ERASURE, what + "\n", MODE)

    def _renewed(self, name: str) -> str:
        made = secrets.token_urlsafe(32)
        try:
            files.write_durable(self.directory / name, made + "\n", MODE)
        except OSError as error:
            log.warning("a new %s holds until the next start only: %s", name, error)
            self._in_memory[name] = made
        return made

    def _made_once(self, name: str) -> str:
        if name in self._in_memory:
            return self._in_memory[name]
        made = secrets.token_urlsafe(32)
        try:
            with contextlib.suppress(FileExistsError):
                files.create_durable(self.directory / name, made + "\n", MODE)
            return self._read(name) or made
        except OSError as error:
            # The page goes on: what is lost is only that the next start makes another one.
            log.warning("%s is kept in memory only: %s", name, error)
            self._in_memory[name] = made
            return made

    def _read(self, name: str) -> str | None:
        try:
            with (self.directory / name).open("rb") as stream:
                return stream.read(LARGEST).decode(errors="replace").strip()
        except FileNotFoundError:
            return None
