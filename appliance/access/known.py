# SPDX-License-Identifier: MIT
"""Browsers that logged in before: they have a place of their own, whoever else is at the door.

The cookie opens nothing. It only says that wrong passwords and floods of others at the same address
are not this browser's doing.
"""

from __future__ import annotations

import hmac
import re
import secrets

from appliance.access.vault import Vault

COOKIE, SECURE_COOKIE = "glovebox-known", "__Host-glovebox-known"
YEAR_S = 365 * 24 * 3600
_FIELD = re.compile(r"(?:^|;\s*)(?:__Host-)?glovebox-known=([\w-]{16})\.([0-9a-f]{64})(?:;|\s*$)")


class Browsers:
    """Makes and knows the cookies. Several threads may use it."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._key = vault.browser_key()

    def renew(self) -> None:
        """Use the vault's new key: no browser is known any more."""
        self._key = self._vault.browser_key()

    def cookie(self) -> str:
        """Return the value of a cookie for a browser that has just logged in."""
        name = secrets.token_urlsafe(12)
        return f"{name}.{self._sign(name)}"

    def name(self, cookies: str) -> str | None:
        """Return what a browser is called here, by its Cookie field; None for a stranger."""
        found = _FIELD.search(cookies)
        if found is None or not hmac.compare_digest(found[2], self._sign(found[1])):
            return None
        return f"browser {found[1]}"

    def _sign(self, name: str) -> str:
        return hmac.new(self._key.encode(), name.encode(), "sha256").hexdigest()
