# SPDX-License-Identifier: MIT
from __future__ import annotations

import ctypes
import errno
from pathlib import Path

import pytest

from appliance.host import libc


def test_result_of_a_call_that_went_well_is_handed_on() -> None:
    assert libc.checked(0, "call") == 0
    assert libc.checked(7, "call", Path("/a")) == 7


def test_failed_call_is_named() -> None:
    ctypes.set_errno(errno.EPERM)
    with pytest.raises(PermissionError, match="call: Operation not permitted"):
        libc.checked(-1, "call")


def test_failed_call_names_its_file() -> None:
    assert libc.LIBRARY.close(-1) == -1
    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        libc.checked(-1, "close", Path("/a"))
    assert (caught.value.errno, caught.value.filename) == (errno.EBADF, "/a")
