# SPDX-License-Identifier: MIT
"""What MikroTik's routers are told: scripts for RouterOS."""
