# SPDX-License-Identifier: MIT
"""The sections of the settings, as frozen dataclasses."""
