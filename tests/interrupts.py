# SPDX-License-Identifier: MIT
"""Ctrl-C for programs that a test starts."""

from __future__ import annotations

import signal


def hear_interrupts() -> None:
    """Undo what a shell does to its background jobs: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
