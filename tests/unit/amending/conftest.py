# SPDX-License-Identifier: MIT
"""The application whose page changes settings, as for all other pages."""

from __future__ import annotations

from tests.unit.alerts.test_inbox_page import owner
from tests.unit.web.conftest import app, cheap_scrypt, client, stranger

__all__ = ["app", "cheap_scrypt", "client", "owner", "stranger"]
