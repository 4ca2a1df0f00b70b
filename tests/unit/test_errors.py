# SPDX-License-Identifier: MIT
"""Errors: each ends a command with a status of its own."""

from __future__ import annotations

from appliance import errors
from appliance.errors import GloveboxError


def test_each_error_has_a_status_of_its_own() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    statuses = [each.exit_status for each in kinds if issubclass(each, GloveboxError)]
    assert len(statuses) == len(set(statuses))
    assert 0 not in statuses


def test_module_documents_each_status() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    for each in kinds:
        if issubclass(each, GloveboxError):
            assert f"{each.exit_status} " in str(errors.__doc__)
