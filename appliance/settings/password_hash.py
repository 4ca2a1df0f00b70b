# SPDX-License-Identifier: MIT
"""The hash of the page's password, as the card and the page keep it."""

from __future__ import annotations

METHOD = "scrypt:32768:8:1"
# In the place of a hash: no password has it.
NOBODY = f"{METHOD}$nobody${'0' * 128}"


def hashed_password(password: str) -> str:
    """Return the hash to keep; good for `[web] password_hash` too. Takes 32 MB and a while."""
    # Imported where it is needed: at most starts there is no clear password, and time counts.
    from werkzeug.security import generate_password_hash

    return generate_password_hash(password, method=METHOD)
