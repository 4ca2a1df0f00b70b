# SPDX-License-Identifier: MIT
"""Fuzzing by hand, guided by coverage: `python -m tests.fuzz MINUTES`; no part of `pytest`."""
