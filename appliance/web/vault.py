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

log = logging.getLogger(__name__)

DIRECTORY = Path(os.environ.get("GLOVEBOX_WEB_STATE", "/var/lib/glovebox/web"))
PASSWORD, KEY, TOKEN = "password", "session-key", "token"
LARGEST = 4096


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
        self._write(PASSWORD, value, replace=False)

    def replace_password_hash(self, value: str) -> None:
        """Keep the hash of another password. Raises OSError."""
        self._write(PASSWORD, value, replace=True)

    def session_key(self) -> str:
        """Return the key that signs the sessions; made at the first call."""
        return self._made_once(KEY)

    def renew_session_key(self) -> str:
        """Return a new key: every session signed with the old one is over."""
        key = secrets.token_urlsafe(32)
        try:
            self._write(KEY, key, replace=True)
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
                self._write(name, made, replace=False)
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

    def _write(self, name: str, value: str, replace: bool) -> None:
        temporary = self.directory / f".{name}.{secrets.token_hex(4)}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "w", encoding="utf-8") as stream:
                stream.write(value + "\n")
                stream.flush()
                os.fsync(descriptor)
            # A link fails where the name is taken, which os.replace does not.
            move = os.replace if replace else os.link
            move(temporary, self.directory / name)
        finally:
            temporary.unlink(missing_ok=True)
        self._sync()

    def _sync(self) -> None:
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
