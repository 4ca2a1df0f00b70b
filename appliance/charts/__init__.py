# SPDX-License-Identifier: MIT
"""Pictures, drawn by the server: where things stand in them, and the same in words."""
