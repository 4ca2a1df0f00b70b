# SPDX-License-Identifier: MIT
"""The application of the page."""

from __future__ import annotations

from tests.unit.web.conftest import app as app
from tests.unit.web.conftest import cheap_scrypt as cheap_scrypt
from tests.unit.web.conftest import client as client
from tests.unit.web.conftest import stranger as stranger
