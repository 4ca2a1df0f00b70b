# SPDX-License-Identifier: MIT
"""MikroTik devices nearby, found without knowing an address."""
