# SPDX-License-Identifier: MIT
"""Glovebox: TZSP in, frames on a sniffing interface, alerts out, and whether it really works."""

__version__ = "0.2.0"
