# SPDX-License-Identifier: MIT
"""The alert store: every alert of the engine once, kept in SQLite, found again."""
