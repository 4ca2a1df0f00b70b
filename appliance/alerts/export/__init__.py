# SPDX-License-Identifier: MIT
"""Stored alerts for others: as CSV and JSON for programs, as lines for people at a terminal."""
