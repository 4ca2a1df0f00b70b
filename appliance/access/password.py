# SPDX-License-Identifier: MIT
"""The owner's password: set, changed, checked in a time that tells nothing.

scrypt takes 32 MB for each check, so one is made at a time; appliance.access.fairness says whose.
"""

from __future__ import annotations

import logging
import threading

from werkzeug.security import check_password_hash

from appliance.access.vault import Vault
from appliance.settings import unixcrypt
from appliance.settings.password_hash import NOBODY, hashed_password
from appliance.settings.sections import weak

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 8, 256  # characters


class Password:
    """Knows whether a password is set and which one. Several threads may use it."""

    def __init__(self, vault: Vault, configured: str = "") -> None:
        """Take the hash from the settings, or where it is empty that of the vault.

        One that nobody has stands for a password on the card that cannot be used: what was set on
        the page holds then; without it, nobody gets in.
        """
        self._vault = vault
        self._closed = configured == NOBODY
        self._configured = "" if self._closed else configured
        self._lock = threading.Lock()

    @property
    def is_set(self) -> bool:
        """Whether there is a password; also where there is one that cannot be read."""
        try:
            return bool(self._configured) or self._closed or self._is_kept()
        except OSError:
            return True

    @property
    def is_closed(self) -> bool:
        """Whether nobody can log in, because of a password on the card that cannot be used."""
        try:
            return self._closed and not self._is_kept()
        except OSError:
            return self._closed

    def _is_kept(self) -> bool:
        return self._vault.password_hash() is not None

    def set(self, password: str) -> None:
        """Keep the first password. Raises FileExistsError, OSError."""
        if self.is_set:
            raise FileExistsError("a password is set")
        with self._lock:
            hashed = hashed_password(password)
        self._vault.set_password_hash(hashed)

    @property
    def hashed(self) -> str:
        """The hash of the password in force, empty where none is set. Raises OSError."""
        return self._configured or self._vault.password_hash() or ""

    @property
    def is_configured(self) -> bool:
        """Whether it comes from the settings on the card, which the page cannot change."""
        return bool(self._configured)

    def change(self, password: str) -> None:
        """Keep another password in the place of the one there is. Raises OSError."""
        with self._lock:
            hashed = hashed_password(password)
        self._vault.replace_password_hash(hashed)

    def matches(self, password: str) -> bool:
        """Tell whether this is the password."""
        try:
            known = self.hashed
        except OSError as error:
            log.error("the password cannot be read: %s", error)
            return False
        with self._lock:
            try:
                check = unixcrypt.matches if known.startswith("$") else check_password_hash
                return check(known, password)
            except ValueError:
                log.error("the stored password is damaged: set [web] password_hash")
                return False


def objection(password: str) -> str | None:
    """Say why a new password will not do, or None."""
    if len(password) < SHORTEST:
        return f"A password needs at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    if weak.is_weak(password):
        return "That password is among the first that anybody tries. Choose another one."
    return None
