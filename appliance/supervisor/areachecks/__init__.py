# SPDX-License-Identifier: MIT
"""Judgements of areas, one module each: its part of the table of checks. Pure."""
