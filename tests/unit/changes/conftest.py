# SPDX-License-Identifier: MIT
"""Routers that are not there, to be changed."""

from tests.unit.router.conftest import api as api
from tests.unit.router.conftest import certificate as certificate
from tests.unit.router.conftest import machine as machine
from tests.unit.router.conftest import plain_api as plain_api
