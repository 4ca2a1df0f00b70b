# SPDX-License-Identifier: MIT
"""From package lists to a packed image."""
