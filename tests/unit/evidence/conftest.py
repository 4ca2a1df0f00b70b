# SPDX-License-Identifier: MIT
"""The application whose pages show the packets, as for all other pages."""

from __future__ import annotations

from tests.net.conftest import network
from tests.unit.web.conftest import app, cheap_scrypt, client, stranger

__all__ = ["app", "cheap_scrypt", "client", "network", "stranger"]
