# SPDX-License-Identifier: MIT
"""The rules that the owner gave: which are in force, and why the others are not."""
