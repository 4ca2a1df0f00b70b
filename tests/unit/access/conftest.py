# SPDX-License-Identifier: MIT
"""The application that is guarded, as the tests of its pages have it."""

from __future__ import annotations

from tests.unit.web.conftest import app, cheap_scrypt, client, stopped, stranger

__all__ = ["app", "cheap_scrypt", "client", "stopped", "stranger"]
