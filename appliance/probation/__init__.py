# SPDX-License-Identifier: MIT
"""New network settings are on trial: the last that worked come back where they reach nobody."""
