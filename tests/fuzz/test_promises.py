# SPDX-License-Identifier: MIT
"""What is fuzzed by hand holds for what is ordinary, and a broken promise is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import seeds
from tests.fuzz.promises import Promises

PROMISES = Promises()


@pytest.mark.parametrize("subject", PROMISES.subjects)
def test_promises_hold_for_what_is_ordinary(subject: str, shared_data: Path) -> None:
    place = list(PROMISES.subjects).index(subject)
    ordinary = list(seeds.of(subject, shared_data))
    assert ordinary
    for content in ordinary:
        PROMISES.check(bytes((place,)) + content)


def test_an_error_that_is_not_promised_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(content: bytes) -> object:
        raise IndexError

    monkeypatch.setattr("appliance.dhcp.message.parse", broken)
    with pytest.raises(IndexError):
        PROMISES.dhcp(b"anything")
